"""What becomes of goods between the choice and the doorstep: who has them in hand, and how it ended."""
