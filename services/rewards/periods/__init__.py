"""Months of the books: closed by two people, opened again by two, and never changed in between."""
