"""Who may act: people with their roles, and the keys that are theirs."""
