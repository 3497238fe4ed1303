"""Pure rules of the front door: identifiers, what counts as the same event, and who an actor is."""
