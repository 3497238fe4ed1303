"""Payout runs: computed by one person, approved by another, written to one bank file."""
