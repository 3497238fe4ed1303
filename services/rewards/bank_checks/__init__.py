"""The daily check of three: what the ledger, the payouts and the bank say of a day's money, side by side."""
