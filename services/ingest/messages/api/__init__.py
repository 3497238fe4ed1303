"""HTTP API of messages."""
