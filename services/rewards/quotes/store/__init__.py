"""The SQL of what prices of cards follow, of quotes, and of what was redeemed and ordered at which."""
