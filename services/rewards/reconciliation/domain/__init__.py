"""What a bank's lines are, and which payouts they are about."""
