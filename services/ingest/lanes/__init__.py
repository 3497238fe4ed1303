"""Lanes: topics of platforms that write to the broker themselves, one each, for one community."""
