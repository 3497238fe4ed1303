"""Members: who is who across channels, and the name each is known by."""
