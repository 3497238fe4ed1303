"""Forgetting somebody: what goes at once, what is suppressed from then on, and what remains until when."""
