"""HTTP routes of refunds."""
