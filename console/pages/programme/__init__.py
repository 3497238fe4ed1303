"""The programme as it was published."""
