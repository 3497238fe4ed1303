"""Members react to celebrations, and see them: each is an event like any other."""
