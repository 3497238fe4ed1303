"""What scoring does with events: awards, the room that they have under limits, and what is told of them."""
