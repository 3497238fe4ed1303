"""What a person's active days add to the figures, and what is made of those."""
