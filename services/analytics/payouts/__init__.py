"""Payouts, their states, and the awards that they pay."""
