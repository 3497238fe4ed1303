"""What there is in all."""
