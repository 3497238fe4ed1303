"""What is done with rounds, nominations and votes, and what of that is told and read back."""
