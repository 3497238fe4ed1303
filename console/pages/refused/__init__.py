"""What the door refused, and events that say otherwise than before: why, what came, and sending it again."""
