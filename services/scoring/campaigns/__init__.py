"""Campaigns: what they spent of their budgets, how fast, and who stops them."""
