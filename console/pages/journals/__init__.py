"""Entries by hand: proposed by one, booked once another confirms them."""
