"""What is measured of a text, by which words, and what becomes of texts."""
