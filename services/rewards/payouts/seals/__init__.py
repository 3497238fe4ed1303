"""Seals of payout runs: what is approved and filed is held by a hash that nobody can fit to other payouts."""
