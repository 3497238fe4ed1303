"""Milestones of members and of a community: numbers that are reached by an act, and years that pass."""
