"""The SQL of who comes, comes back and leaves."""
