"""The awards' own thinking: what a batch has to do, and the awards that come of it."""
