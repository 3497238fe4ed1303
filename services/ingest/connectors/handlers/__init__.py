"""Connections are made and changed, deliveries taken, kept, mapped again and deleted."""
