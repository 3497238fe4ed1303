"""A word to a member at the moment when it helps, and a share of members who are held out to tell what it does."""
