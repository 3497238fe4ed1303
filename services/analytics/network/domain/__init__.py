"""Ties between members, and what a network of them is like."""
