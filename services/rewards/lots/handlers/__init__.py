"""What is done with lots, each in a transaction that somebody else opened."""
