"""What banks answered: files, and lines that somebody has to look at."""
