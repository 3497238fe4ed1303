"""Months of the books, closed and opened again by two people."""
