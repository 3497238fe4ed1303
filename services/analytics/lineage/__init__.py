"""From a payout back to the events it pays, and from an event forward to what it led to."""
