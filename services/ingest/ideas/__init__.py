"""What members suggest: as it stands, in which words, and who voted for it."""
