"""Lots whose time has come, taken in turns: each community has a share of what a timer does at once."""
