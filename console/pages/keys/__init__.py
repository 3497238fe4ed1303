"""Access keys."""
