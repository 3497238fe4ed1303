"""Rewards given to a list of people: drafted, approved, carried out in pieces, and claimed."""
