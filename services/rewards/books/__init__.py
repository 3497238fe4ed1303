"""The books to look into: accounts with what is on them, their entries, and a transfer with all of its entries."""
