"""Policies, vintages, the chain ladder, what is owed, and how it moved: no I/O, exact arithmetic."""
