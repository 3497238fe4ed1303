"""What the services take and answer, a module for each."""
