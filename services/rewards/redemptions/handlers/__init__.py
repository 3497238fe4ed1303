"""Redemptions: reserve, then confirm or cancel; what is forgotten expires."""
