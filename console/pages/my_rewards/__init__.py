"""What a member can have for points: choose, confirm, and see what became of it."""
