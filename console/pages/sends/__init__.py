"""Rewards sent to a list of people: made from a table, approved, and what became of each line."""
