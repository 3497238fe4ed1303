"""What members did: events, active members and new members over time."""
