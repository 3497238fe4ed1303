"""Levels by what members did and do: reached, kept by a lower bar, lost after a grace, held by hand."""
