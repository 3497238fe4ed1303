"""Mapping, journal, exports and trial balance: no I/O."""
