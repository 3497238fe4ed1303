"""The week of a community in a page."""
