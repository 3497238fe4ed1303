"""Messages to people: what other services ask for, in a community's words, by the ways that it opened."""
