"""The Kafka client as the consumer loop has it."""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from shared.settings import ServiceSettings

#: A topic or partition that the broker asked did not know of yet is noticed after this (the client: 5 minutes).
METADATA_MAX_AGE_MS = 10_000
FETCH_WAIT_MS = 200

log = logging.getLogger(__name__)


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


async def fetch(
    client: AIOKafkaConsumer, max_count: int, partitions: Collection[TopicPartition] = ()
) -> list[Any]:
    """The next records, those of a partition one after another; none when there are none for a moment.

    With `partitions` of these alone; what the client has of others stays there.

    Raises RuntimeError when the offsets lie outside the topic, and KafkaError as the client does.
    """
    try:
        fetched = await client.getmany(*partitions, timeout_ms=FETCH_WAIT_MS, max_records=max_count)
    except OffsetOutOfRangeError as error:
        raise RuntimeError(
            f"stored offsets lie outside the topic: {error}. Records were deleted or the topic was made "
            "anew; nothing is skipped. See docs/runbooks/offsets-out-of-range.md"
        ) from error
    except NoOffsetForPartitionError:
        # Noted before this worker stood where the database says; it stands there now.
        return []
    return [record for of_partition in fetched.values() for record in of_partition]


async def tell_position(client: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]) -> bool:
    """Tell the broker where we stand, for whoever watches; whether it was told."""
    try:
        await client.commit(dict(positions))
    except KafkaError as error:
        log.debug("the offset for monitors was not committed: %r", error)
        return False
    return True
