"""Routes of wallets."""
