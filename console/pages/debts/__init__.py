"""Who owes points, and for how long."""
