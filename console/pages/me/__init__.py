"""The page of a member: their points, why, and what is next."""
