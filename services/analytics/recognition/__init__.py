"""Badges and levels granted and taken back."""
