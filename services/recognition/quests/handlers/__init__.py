"""Quests are decided where something changed, joined and left, and come back after a restore."""
