"""Badges that members take away: signed as Open Badges 3.0, revoked when they stand no more."""
