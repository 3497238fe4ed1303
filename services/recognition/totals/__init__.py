"""Totals: the points and awards of each member, and the badges and levels that stand for them."""
