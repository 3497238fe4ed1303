"""The SQL of programmes."""
