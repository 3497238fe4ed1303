"""What at least three services use: contracts, topics, the consumer loop, outbox, postgres, http, telemetry."""
