"""Proposing and deciding write-offs, and taking in again what was told of them."""
