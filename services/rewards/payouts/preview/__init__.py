"""What a payout run would pay if it were made now."""
