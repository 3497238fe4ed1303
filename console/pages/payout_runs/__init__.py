"""Payout runs, step by step: made, approved, filed, and what the bank said."""
