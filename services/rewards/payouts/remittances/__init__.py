"""Payouts by providers: handed over, asked about, and what comes of it."""
