"""The only SQL of rewards."""
