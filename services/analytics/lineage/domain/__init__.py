"""What lies between an event and the payouts that pay for it, and why an event earned nothing."""
