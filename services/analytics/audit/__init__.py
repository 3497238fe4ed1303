"""Who did what, in every service, and who read whose data."""
