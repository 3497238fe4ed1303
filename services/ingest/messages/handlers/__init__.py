"""Asking for messages, saying what they are like, and sending them."""
