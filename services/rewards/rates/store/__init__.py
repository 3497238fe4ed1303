"""The SQL of rates."""
