"""The HTTP API of programmes."""
