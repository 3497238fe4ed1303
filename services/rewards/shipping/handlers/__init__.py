"""What is done with goods that the community sends, and with where they are sent."""
