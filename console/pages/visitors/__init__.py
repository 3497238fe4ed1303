"""What a community shows to everybody: its rules with their history, what is measured, and its leaderboard."""
