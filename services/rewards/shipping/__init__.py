"""Goods that somebody of the community sends: where to, who does it, and that it is under way."""
