"""Backtests: what a draft would have given for what has happened, beside the programme that was in force."""
