"""Wallets: budgets of points and money."""
