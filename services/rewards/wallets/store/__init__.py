"""The SQL of wallets, what is set aside of them, their moves, and decisions about them."""
