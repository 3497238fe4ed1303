"""Rewards on offer, found by words, price and what they are: a page at a time, however many there are."""
