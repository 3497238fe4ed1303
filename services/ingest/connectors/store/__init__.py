"""The SQL of connections and of deliveries."""
