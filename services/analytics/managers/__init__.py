"""Who looks after a community, as members that can be written to."""
