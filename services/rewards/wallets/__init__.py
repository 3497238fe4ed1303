"""Wallets: budgets of points or money, given by two people, allotted, reserved and spent, and never exceeded."""
