"""Schedules of payout runs: when one is prepared, for another person to approve."""
