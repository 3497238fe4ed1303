"""What was noted and decided on figures, what became of it, and what indicators aim at."""
