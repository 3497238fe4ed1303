"""Refunds are asked for, decided, done, and follow from what providers take back."""
