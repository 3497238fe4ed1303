"""Merges: members who turn out to be one person, and who turn out not to be."""
