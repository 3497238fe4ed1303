"""Goals: how far each is, where it will end, and what it was."""
