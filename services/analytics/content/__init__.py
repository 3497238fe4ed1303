"""What is read, and what moves those who read it to respond, month by month."""
