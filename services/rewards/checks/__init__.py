"""Is everything right? The ledger in itself, and payouts and redemptions against it, their histories and seals."""
