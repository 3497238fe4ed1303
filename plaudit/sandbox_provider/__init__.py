"""A provider of gift cards that sells nothing: to try redemptions on, and what becomes of them when one fails."""
