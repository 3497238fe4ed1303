"""The SQL of tones."""
