"""Issuers are set up, badges are taken away and signed, and what was taken away ends with an erasure."""
