"""Gift cards from providers: what is ordered, what nobody knows of, and accounts at providers."""
