"""What programmes ask of members, and events after which somebody is to be asked."""
