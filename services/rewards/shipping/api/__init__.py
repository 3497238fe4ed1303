"""Goods that the community sends over HTTP: the queue of those who send, and what members say and see."""
