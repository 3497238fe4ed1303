"""Boards that the programme declares: for whoever runs a community, for members, and for everybody."""
