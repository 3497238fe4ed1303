"""What the figures of the overview are made of."""
