"""What is said in cases, what becomes of them, and what follows from that."""
