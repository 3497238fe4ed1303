"""The rewards service: the ledger, the catalogue, redemptions and payouts."""
