"""Badges, levels and leaderboards, from points alone."""
