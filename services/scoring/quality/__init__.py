"""How good content is, by what members whom others trust make of it."""
