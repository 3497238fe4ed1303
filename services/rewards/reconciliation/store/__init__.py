"""Messages of banks and their lines, and the payouts that these may be about."""
