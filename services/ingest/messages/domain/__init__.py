"""What messages are about, what they say, when they go, and what becomes of them."""
