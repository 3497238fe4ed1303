"""Who gives to whom, and what of it looks like points that friends hand one another."""
