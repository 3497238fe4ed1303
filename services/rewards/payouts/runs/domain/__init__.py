"""What runs are: their terms, their states, their files; pure, times and ids are arguments."""
