"""The broker as a trust boundary: who may log in, what each may do there, and how that is set."""
