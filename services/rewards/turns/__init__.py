"""What is due is taken in turns: each community has a share of what a timer does at once."""
