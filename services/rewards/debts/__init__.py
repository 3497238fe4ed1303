"""Debts: points that members used and that were taken back since, and for how long they have owed them."""
