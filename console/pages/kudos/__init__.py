"""Kudos: a wall of thanks, for members who give them, for who runs the community, and for everybody."""
