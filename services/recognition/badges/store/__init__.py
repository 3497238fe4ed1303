"""The SQL of badges."""
