"""Whom an alert is told: the people of the community who act on it, once a day at most."""
