"""Lots whose time has come: which they are, by community."""
