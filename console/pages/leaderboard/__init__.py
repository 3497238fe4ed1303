"""Members by points."""
