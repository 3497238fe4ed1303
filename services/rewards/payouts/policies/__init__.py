"""Payout policies: how long points wait before they are paid, from which amount, and what keeps a payout back."""
