"""The SQL of boards: what is on them, how they are read, and what is kept of them."""
