"""Holding a payout, letting it go on, leaving it out, and the lists that it stands in."""
