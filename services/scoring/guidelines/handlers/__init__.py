"""What is said in cases is taken in, worked out, decided, and told."""
