"""What asks and what answers, and how long that took."""
