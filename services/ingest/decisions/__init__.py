"""What people note and decide on figures, what came of it, and what indicators aim at."""
