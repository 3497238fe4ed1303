"""Who one is here, and how pages look: language and theme."""
