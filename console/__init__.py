"""The console: what a person sees of Plaudit, as a client of its public APIs."""
