"""Pure rules of the front door: what an event is, its identifiers, and what counts as the same one."""
