"""Goods that the community sends: the queue, and one of them with what is done with it."""
