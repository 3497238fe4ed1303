"""Refunds: points of what was confirmed go back, as a whole or in parts, to whom it was for."""
