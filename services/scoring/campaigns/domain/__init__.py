"""The books of campaigns, and the portions that their budgets are handed out in."""
