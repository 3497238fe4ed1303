"""Periods, and why an event earned nothing: pure functions and data."""
