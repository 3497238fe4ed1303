"""The programmes' own thinking: reading a text, and when a version takes effect."""
