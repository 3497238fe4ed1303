"""Redemptions over HTTP: for whoever runs the community, and for members themselves."""
