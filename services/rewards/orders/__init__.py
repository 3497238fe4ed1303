"""Ordering at providers: the intent is committed, the provider asked, and what it says stored and told."""
