"""Communities that are looked at in turns, one that takes too long left out until its next."""
