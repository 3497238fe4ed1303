"""Sanctions lists: files that finance loads, and which payees have a name as one of their entries has."""
