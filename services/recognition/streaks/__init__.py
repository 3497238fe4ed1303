"""Streaks: days or weeks in a row in which a member did something, in the zone they live in."""
