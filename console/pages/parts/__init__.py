"""Which services run, and in which version."""
