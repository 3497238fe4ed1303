"""What scoring does about audiences: who is in them, and what members did before an event."""
