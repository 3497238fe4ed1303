"""What somebody should know who does not watch figures: noticed, told once a day at most, and again when over."""
