"""Rates between currencies: policies of two people, files of central banks, and exact conversion."""
