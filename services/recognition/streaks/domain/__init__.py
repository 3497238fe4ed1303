"""What a streak is: pure functions of what was done, where somebody lives, and the freezes they were given."""
