"""Looking at members, deciding, telling, and following what others tell."""
