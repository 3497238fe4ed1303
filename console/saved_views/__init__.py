"""Saved views: tables as somebody wants to find them again."""
