"""Held points: giving among friends alone, and what people decide about it."""
