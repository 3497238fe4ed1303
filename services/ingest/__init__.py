"""The front door: takes events, says what became of each, and knows who is who across channels."""
