"""Tallies: how much members did of what levels count, by quarters of an hour, and whose levels are due."""
