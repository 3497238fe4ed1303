"""What the community is."""
