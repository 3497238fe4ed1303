"""The versions of programmes: what their rules are called, and which applied when."""
