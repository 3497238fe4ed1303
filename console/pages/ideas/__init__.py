"""Suggestions: for members who make them and vote, and for whoever goes on with them."""
