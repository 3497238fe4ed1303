"""Kafka Streams at the peers' work."""
