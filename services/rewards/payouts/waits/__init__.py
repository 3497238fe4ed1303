"""Whose points are not paid yet, until when they wait, and how much is missing."""
