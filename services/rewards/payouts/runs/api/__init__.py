"""The HTTP API of payout runs."""
