"""What an event costs behind the door: as much as the rules of its community make of it."""
