"""Totals: what persons were paid in a year, for their taxes."""
