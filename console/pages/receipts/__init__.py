"""Requests with events, and what became of them."""
