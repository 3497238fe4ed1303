"""Celebrations: what members and the community reached, for members, for who runs it, and for everybody."""
