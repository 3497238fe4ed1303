"""What becomes of suggestions: how many are answered and closed, and how soon."""
