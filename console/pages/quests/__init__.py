"""Quests: which there are and how many completed each; for a member how far they are, joining and leaving."""
