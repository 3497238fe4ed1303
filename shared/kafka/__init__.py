"""Kafka: what the client gets wrong, the producer, and topics made from the registry."""

from shared.kafka import client_fixes as client_fixes  # first: it changes what the others import
from shared.kafka.failures import is_transient
from shared.kafka.sending import NO_HEADERS, Acknowledged, Headers, create_producer, partition_of, send_records
from shared.kafka.topics import create_topics

__all__ = [
    "NO_HEADERS",
    "Acknowledged",
    "Headers",
    "client_fixes",
    "create_producer",
    "create_topics",
    "is_transient",
    "partition_of",
    "send_records",
]
