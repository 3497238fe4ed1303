"""Events in: one handler for all that counts them."""
