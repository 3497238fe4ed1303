"""Fills the five databases of a stack with a community of any size, for whoever measures what size costs."""
