"""People who are written to before they are members: taken from a table, and let in by the link of their mail."""
