"""Pages of rates between currencies."""
