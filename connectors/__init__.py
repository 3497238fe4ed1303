"""Platforms as text files: how a delivery is recognised, checked and becomes activities."""
