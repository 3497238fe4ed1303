"""What is asked of providers, what they answer, and what an order is."""
