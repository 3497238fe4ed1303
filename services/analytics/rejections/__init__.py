"""Events that will not count, and why."""
