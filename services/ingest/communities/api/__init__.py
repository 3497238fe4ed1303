"""HTTP API of communities."""
