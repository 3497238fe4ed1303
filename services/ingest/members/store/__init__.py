"""Members and their identities."""
