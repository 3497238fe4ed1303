"""Awards: the points that events earn, once, and what takes them back."""
