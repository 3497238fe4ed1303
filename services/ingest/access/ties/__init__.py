"""Which members people are: by an administrator's word, or because they proved it when they signed in."""
