"""What somebody should look at, and what is over."""
