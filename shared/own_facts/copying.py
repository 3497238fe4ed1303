"""Finding what a service's own topics hold beyond what its database knows, and keeping it there to be taken in."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared import positions
from shared.outbox import RELAY_LOCK
from shared.own_facts import store
from shared.own_facts.store import Forgotten
from shared.postgres import begin
from shared.settings import ServiceSettings
from shared.topics import Topic
from shared.webhooks import noting as webhooks

FETCH_WAIT_MS = 200
COPIED_AT_ONCE_COUNT = 1_000
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Standing(NamedTuple):
    """How one partition of an own topic stands: its `beginning` and `end`, and up to where it is `known`.

    `known` is None for a database that never knew anything of it. A `compacted` topic loses only what a newer fact
    of the same key replaces.
    """

    partition: TopicPartition
    known: int | None
    beginning: int
    end: int
    compacted: bool

    @property
    def unknown_count(self) -> int:
        """How many offsets lie beyond what is known."""
        return max(0, self.end - (self.known or 0))

    @property
    def why_not(self) -> str | None:
        """Why nobody can know what the database has forgotten; None when the topic holds all of it."""
        name = f"{self.partition.topic}/{self.partition.partition}"
        if self.known is not None and self.known > self.end:
            return (
                f"{name} ends at {self.end}, and facts up to {self.known} were told there: the broker has lost "
                "them, or the topic was made anew"
            )
        if not self.compacted and (self.known or 0) < self.beginning:
            return (
                f"{name} begins at {self.beginning}, and facts are known up to {self.known or 0} only: what lay "
                "between them was deleted"
            )
        return None


def reader(settings: ServiceSettings) -> AIOKafkaConsumer:
    """A client that reads own topics, in no group."""
    return AIOKafkaConsumer(
        **settings.broker.options,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_bytes=settings.fetch_max_bytes,
        max_partition_fetch_bytes=settings.fetch_max_bytes,
    )


async def standings(consumer: AIOKafkaConsumer, pool: asyncpg.Pool, topics: Mapping[str, Topic]) -> list[Standing]:
    """How the database stands to each partition of its own topics. Raises KafkaError when the broker is away."""
    partitions = await partitions_of(consumer, topics)
    # The database first: what is published meanwhile is then too much, never too little.
    async with begin(pool) as conn:
        known = await positions.load(conn, topics)
    beginnings = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    return [
        Standing(
            partition,
            known.get(partition),
            beginnings[partition],
            ends[partition],
            topics[partition.topic].compacted,
        )
        for partition in partitions
    ]


async def partitions_of(consumer: AIOKafkaConsumer, topics: Iterable[str]) -> list[TopicPartition]:
    """The partitions that the broker has of these topics."""
    present = await consumer._client.fetch_all_metadata()
    return [
        TopicPartition(name, number)
        for name in sorted(topics)
        for number in sorted(present.partitions_for_topic(name) or ())
    ]


#: Picks those of facts that are to be kept.
Choice = Callable[[Sequence[Forgotten]], Sequence[Forgotten]]


async def copy(
    consumer: AIOKafkaConsumer, pool: asyncpg.Pool, stand: Sequence[Standing], *, choice: Choice
) -> None:
    """Keep what lies beyond the known positions, of what `choice` picks, and move these to where the topics ended.

    Several processes may do so at once, and one that dies is followed by the next: each batch is one transaction.
    """
    ends = {standing.partition: standing.end for standing in stand if standing.unknown_count}
    if not ends:
        async with begin(pool) as conn:
            await positions.close_gaps(conn)
        return
    consumer.assign(list(ends))
    for one in stand:
        if one.partition in ends:
            consumer.seek(one.partition, max(one.known or 0, one.beginning))
    last_told: dict[TopicPartition, datetime] = {}
    while left := [place for place in ends if await consumer.position(place) < ends[place]]:
        fetched = await consumer.getmany(*left, timeout_ms=FETCH_WAIT_MS, max_records=COPIED_AT_ONCE_COUNT)
        reached = {place: await consumer.position(place) for place in ends}
        facts = [
            _forgotten(record, last_told)
            for records in fetched.values()
            for record in records
            if record.value is not None
        ]
        await _keep(pool, choice(facts), reached)


async def holds(consumer: AIOKafkaConsumer, kind: str, *, known: Mapping[TopicPartition, int]) -> bool:
    """Whether there is a fact of a type beyond the offsets that are known, up to where the partitions end now."""
    ends = await consumer.end_offsets(list(known))
    unread = [place for place, offset in known.items() if offset < ends[place]]
    if not unread:
        return False
    consumer.assign(unread)
    for place in unread:
        consumer.seek(place, known[place])
    mark = f'"{kind}"'.encode()
    while [place for place in unread if await consumer.position(place) < ends[place]]:
        fetched = await consumer.getmany(timeout_ms=FETCH_WAIT_MS, max_records=COPIED_AT_ONCE_COUNT)
        for records in fetched.values():
            for record in records:
                if mark in (record.value or b"") and _kind_and_time(record.value)[0] == kind:
                    return True
    return False


async def _keep(pool: asyncpg.Pool, facts: Sequence[Forgotten], reached: Mapping[TopicPartition, int]) -> None:
    async with begin(pool) as conn:
        # 1. No relay of the service is at work: what it published is committed, or will be published again.
        await conn.execute("select pg_advisory_xact_lock($1)", RELAY_LOCK)
        await store.lock(conn)
        known = await positions.load(conn)
        own = await positions.load_gaps(conn)
        new = [
            fact
            for fact in facts
            if fact.offset >= known.get(place := TopicPartition(fact.topic, fact.partition), 0)
            and fact.offset not in own.get(place, ())
        ]
        # 2. What waits to be published is known, and must not be published again: a process died before it was
        #    deleted.
        published = await store.drop_published(conn, new)
        # 3. All others are forgotten; and from now on these positions.
        forgotten = [fact for fact in new if (fact.topic, fact.key, fact.value) not in published]
        await store.add(conn, forgotten)
        # 4. Nobody has noted for endpoints what waited to be published. Whether they had what is forgotten, and
        #    what waited for them then, nobody knows.
        await webhooks.note_late(conn, published)
        if forgotten:
            await webhooks.hold(conn, [(fact.topic, fact.key, fact.value) for fact in forgotten])
        await positions.move_up(conn, reached)
        await positions.close_gaps(conn)


def _forgotten(record: Any, last_told: dict[TopicPartition, datetime]) -> Forgotten:
    partition = TopicPartition(record.topic, record.partition)
    kind, told_at = _kind_and_time(record.value)
    # The clocks of two hosts, and transactions that waited for one another: within a partition its order counts.
    told_at = last_told[partition] = max(told_at, last_told.get(partition, LONG_AGO))
    return Forgotten(record.topic, record.partition, record.offset, record.key or b"", record.value, kind, told_at)


def _kind_and_time(value: bytes) -> tuple[str, datetime]:
    """What the record says of itself; nothing of a record that is no fact."""
    try:
        fact = orjson.loads(value)
        return str(fact["type"])[:200], datetime.fromisoformat(fact["time"]).astimezone(UTC)
    except (ValueError, KeyError, TypeError, OverflowError):
        return "", LONG_AGO
