"""Platforms that deliver: connected, looked at, tried, and mapped again."""
