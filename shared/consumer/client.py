"""The Kafka client of a consumer loop, and what it is told of rebalances."""

from collections.abc import Awaitable
from typing import Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from shared.settings import ServiceSettings

#: A topic or partition that the broker asked did not know of yet is noticed after this (the client: 5 minutes).
METADATA_MAX_AGE_MS = 10_000


def create_consumer(service: str, settings: ServiceSettings) -> AIOKafkaConsumer:
    """A member of the service's group, which never commits by itself and never skips what is gone."""
    return AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
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


class Owner(Protocol):
    """Whoever owns partitions: told when some come and go, and ended by what it cannot stand."""

    def on_assigned(self, partitions: list[TopicPartition]) -> Awaitable[None]: ...

    def on_revoked(self) -> Awaitable[None]: ...

    async def crash(self, reason: BaseException) -> None: ...


class Rebalances(ConsumerRebalanceListener):
    """Tells the loop what it owns. The client would only log what is raised here, and the loop stand still."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._or_crash(self._owner.on_revoked())

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self._or_crash(self._owner.on_assigned(sorted(assigned)))

    async def _or_crash(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 -- whatever it is, it ends the process
            await self._owner.crash(error)
