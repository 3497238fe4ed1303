"""Campaigns: what they spent, how fast, and who stops them."""
