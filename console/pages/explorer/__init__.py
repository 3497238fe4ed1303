"""Any id: what it is, where it comes from, what became of it."""
