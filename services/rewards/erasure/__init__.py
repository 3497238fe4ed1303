"""What an erasure means for money: what is open before it, and what goes and stays after it."""
