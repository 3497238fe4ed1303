"""Entries that people make by hand: what one proposes is booked once another confirms it."""
