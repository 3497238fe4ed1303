"""Messages to people: what is asked for by the other services, in a community's words, by the ways that it opened."""
