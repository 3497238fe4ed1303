"""Claiming, asking and settling; webhooks; and what people decide."""
