"""The SQL of audiences."""
