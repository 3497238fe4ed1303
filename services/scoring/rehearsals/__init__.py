"""A programme tried on events without a stack: what it would give, to whom, and why not more."""
