"""Saved views: kept, removed, brought back."""
