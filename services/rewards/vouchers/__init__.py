"""Codes of vouchers: taken in from tables, sealed, given once each, and shown to whom they were given alone."""
