"""Counts: events that meet a rule, whatever they earned, and the badges for them."""
