"""Looking at payouts by policies and lists, and at whom they go to."""
