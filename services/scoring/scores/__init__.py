"""Scores: what points are worth as time goes by, and measures that are made of them."""
