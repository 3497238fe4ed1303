"""Quests: steps that members do, in any order or one after the other, alone or together, within a time."""
