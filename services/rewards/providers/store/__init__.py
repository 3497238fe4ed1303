"""The SQL of accounts at providers, of cards, and of orders."""
