"""What banks are told: their limits, their characters, their files."""
