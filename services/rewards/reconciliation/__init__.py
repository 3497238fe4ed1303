"""What banks answer, matched to payouts: bookings, returns and refusals, and what a person has to look at."""
