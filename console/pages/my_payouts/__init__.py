"""A member's payouts, and where their money goes."""
