"""Figures to take along, row by row: what a star schema is built of (docs/data.md)."""
