"""Figures of many that a timer counted, for whoever asks for them."""
