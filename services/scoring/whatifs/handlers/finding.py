"""One event of a community in the log: the log has whole events, scoring's tables have what came of them."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.scoring.settings import Settings
from services.scoring.whatifs.domain.trying import EventNotFoundError, LogUnreachableError
from shared.contracts.facts import ACCEPTED_EVENT, AcceptedEvent
from shared.own_facts.copying import partitions_of
from shared.topics import EVENTS, record_key

FETCH_MS = 500
RECORDS_AT_ONCE_COUNT = 500
#: Clocks of hosts differ: a record may be said to be from shortly before it was received.
CLOCKS = timedelta(minutes=1)


async def find_event(settings: Settings, *, community: str, event_uid: str, since: datetime) -> AcceptedEvent:
    """The event, which was received at that time, or some time after it.

    What is looked through is bounded by `what_if_records_max_count` records and `what_if_seconds`. Raises
    EventNotFoundError where it is not among these, and LogUnreachableError.
    """
    client = AIOKafkaConsumer(
        **settings.broker.options,
        enable_auto_commit=False,
        isolation_level="read_committed",
        fetch_max_bytes=settings.fetch_max_bytes,
        max_partition_fetch_bytes=settings.fetch_max_bytes,
    )
    found = None
    try:
        async with asyncio.timeout(settings.what_if_seconds):
            await client.start()
            found = await _look(
                client,
                prefix=record_key(community, ""),
                event_uid=event_uid,
                since=since - CLOCKS,
                max_count=settings.what_if_records_max_count,
            )
    except TimeoutError:
        pass  # It is not in what could be looked through.
    except KafkaError as error:
        raise LogUnreachableError from error
    finally:
        with suppress(KafkaError):
            await client.stop()
    if found is None:
        raise EventNotFoundError(since, settings.what_if_records_max_count)
    return found


async def _look(
    client: AIOKafkaConsumer, *, prefix: bytes, event_uid: str, since: datetime, max_count: int
) -> AcceptedEvent | None:
    """Look through all partitions side by side, from a moment on, for the one record."""
    # Not by a subscription: a group of its own would be one more whose place somebody watches.
    partitions = await partitions_of(client, [EVENTS.name])
    client.assign(partitions)
    ends = await client.end_offsets(partitions)
    moment = max(0, int(since.timestamp() * 1000))
    begins = await client.offsets_for_times(dict.fromkeys(partitions, moment))
    behind: set[TopicPartition] = set()
    for partition in partitions:
        place = begins.get(partition)
        if place is not None and place.offset < ends[partition]:
            client.seek(partition, place.offset)
            behind.add(partition)
    needle = event_uid.encode()
    looked_count = 0
    while behind and looked_count < max_count:
        fetched = await client.getmany(*behind, timeout_ms=FETCH_MS, max_records=RECORDS_AT_ONCE_COUNT)
        for records in fetched.values():
            looked_count += len(records)
            for record in records:
                if record.value is None or record.key is None or not record.key.startswith(prefix):
                    continue
                if needle in record.value:
                    event = ACCEPTED_EVENT.validate_json(record.value)
                    if event["uid"] == event_uid:
                        return event
        # Also past what marks the ends of transactions, and no record is.
        behind = {partition for partition in behind if await client.position(partition) < ends[partition]}
    return None
