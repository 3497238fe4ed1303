"""Thresholds: the badges and levels a programme asks for, and what was granted and taken back for them."""
