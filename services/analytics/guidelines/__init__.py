"""What is reported and decided: how much, how quickly, and about whom again."""
