"""Members and their names."""
