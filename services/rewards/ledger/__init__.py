"""Double entry: accounts, transfers, entries, the balances that follow from them, and whether all are right."""
