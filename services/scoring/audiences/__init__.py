"""Audiences: which members are in them, decided piece by piece, and told."""
