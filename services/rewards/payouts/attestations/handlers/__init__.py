"""Noting what is on file of payees, and telling it."""
