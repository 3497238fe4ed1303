"""Nudges: what each does for whoever runs a community, and those that a member got."""
