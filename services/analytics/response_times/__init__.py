"""How long who asks waits for an answer, who still does, and who answers."""
