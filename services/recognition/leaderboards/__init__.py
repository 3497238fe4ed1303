"""Leaderboards: members by their points of all time, of a month or of a week."""
