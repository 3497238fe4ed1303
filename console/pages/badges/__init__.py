"""Badges: which there are, who holds them, and those that people give."""
