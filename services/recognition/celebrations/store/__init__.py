"""The SQL of celebrations: the ledger, the feed, and what milestones go by."""
