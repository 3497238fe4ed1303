"""Messages to members: which go which way, in which words, and what became of each."""
