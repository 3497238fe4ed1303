"""The general ledger of finance: exports, the mapping of accounts, and the trial balance of some days."""
