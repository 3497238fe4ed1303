"""What moderators, members and visitors ask of guidelines."""
