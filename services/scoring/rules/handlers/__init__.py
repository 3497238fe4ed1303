"""Conditions evaluated apart, within a budget."""
