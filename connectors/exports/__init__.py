"""Exports of platforms: recognised, cut into records, and made what the platform would have delivered."""
