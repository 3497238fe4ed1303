"""Redemptions and their states."""
