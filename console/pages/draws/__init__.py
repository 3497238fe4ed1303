"""Draws: what each is committed to, who won, and for a member their tickets."""
