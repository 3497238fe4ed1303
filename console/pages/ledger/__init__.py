"""The ledger: accounts, their entries, transfers, and whether all of it is right."""
