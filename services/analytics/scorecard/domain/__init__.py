"""Indicators of the twelve practices: what is measured and aimed at, and what follows from it."""
