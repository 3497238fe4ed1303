"""Programmes: what a community publishes, read with every error located, in versions that never change."""
