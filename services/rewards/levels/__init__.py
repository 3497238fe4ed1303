"""Levels: who has which, as recognition tells it, for what a programme opens to some of them alone."""
