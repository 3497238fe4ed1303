"""Findings: what the checks of a payout policy say of payouts, and which of them keep one back."""
