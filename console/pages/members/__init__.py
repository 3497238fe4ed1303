"""Members: found, looked at one by one, marked, and forgotten."""
