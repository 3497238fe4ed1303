"""Schedules of payout runs: when one is prepared, decided by two people and stopped by one."""
