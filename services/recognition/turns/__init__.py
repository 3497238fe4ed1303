"""Communities have turns, so that one whose members cannot be looked at stops no other."""
