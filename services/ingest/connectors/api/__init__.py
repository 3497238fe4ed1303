"""HTTP routes of connections, of their deliveries, and the door."""
