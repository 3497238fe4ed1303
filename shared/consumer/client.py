"""The Kafka client as the consumer loop has it."""

from aiokafka import AIOKafkaConsumer

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
