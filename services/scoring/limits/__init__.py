"""Limits: how much one member may get in a day."""
