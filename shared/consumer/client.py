"""The Kafka client as the consumer loop has it."""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.settings import ServiceSettings

#: A topic or partition that the broker asked did not know of yet is noticed after this (the client: 5 minutes).
METADATA_MAX_AGE_MS = 10_000


def consumer(service: str, settings: ServiceSettings) -> AIOKafkaConsumer:
    """A member of the service's group, which never commits by itself and never skips what is gone."""
    return AIOKafkaConsumer(
        **settings.broker.options,
        group_id=f"plaudit-{service}",
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_bytes=settings.fetch_max_bytes,
        session_timeout_ms=int(settings.session_seconds * 1000),
        heartbeat_interval_ms=int(settings.session_seconds * 1000 / 4),
        max_partition_fetch_bytes=settings.fetch_max_bytes,
        metadata_max_age_ms=METADATA_MAX_AGE_MS,
    )


def lags(client: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
    """How many records beyond our `positions` wait at the broker in each partition, by its last answer."""
    newest, assigned = client.highwater, client.assignment()
    # While topics are added to a pattern's, the client has no assignment, before it says so.
    return {
        partition: max(0, (newest(partition) or 0) - offset)
        for partition, offset in positions.items()
        if partition in assigned
    }
