"""Payouts by providers: how each stands there, and what people do about it."""
