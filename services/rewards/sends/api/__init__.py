"""The API of sends."""
