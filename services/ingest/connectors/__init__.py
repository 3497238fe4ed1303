"""Platforms that deliver what happens there: connections, the door for deliveries, and what became of each."""
