"""What a community wants to reach, and how far it is."""
