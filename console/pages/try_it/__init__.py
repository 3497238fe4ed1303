"""Send an event and watch it travel."""
