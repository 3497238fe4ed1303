"""Which level somebody stands on: a function of what they did, of the moment, and of what was said by hand."""
