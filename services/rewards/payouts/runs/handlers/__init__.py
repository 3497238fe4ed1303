"""What is done with payout runs: computed, approved, filed and given up, each in pieces."""
