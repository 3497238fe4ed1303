"""The week of a community in a page: what changed, which goals are off pace, what waits, and one thing to do."""
