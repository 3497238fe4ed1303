"""The log of events as a backtest reads it: from its topic, without a group, so that nobody's place moves."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.scoring.backtests.store.backtests import BacktestPool, Offsets, Ranges, load_live_offsets
from services.scoring.settings import Settings
from shared.contracts.facts import ACCEPTED_EVENT, AcceptedEvent
from shared.own_facts.copying import partitions_of
from shared.topics import EVENTS, record_key

FETCH_MS = 500
#: So many records are looked through at most for one piece: a community may have one event in thousands.
RECORDS_MAX_COUNT = 50_000
#: How often it is asked whether the live line lags.
LAG_SECONDS = 0.25


class EventLog:
    """engagement.events.v1, of which each community's records are told by their keys."""

    def __init__(self, pool: BacktestPool, settings: Settings) -> None:
        self._pool = pool
        self._client = AIOKafkaConsumer(
            **settings.broker.options,
            enable_auto_commit=False,
            isolation_level="read_committed",
            fetch_max_bytes=settings.fetch_max_bytes,
            max_partition_fetch_bytes=settings.fetch_max_bytes,
        )
        self._partitions: list[TopicPartition] = []
        self._stands: Offsets = {}
        self._lag, self._looked_at = 0, -LAG_SECONDS

    async def start(self) -> None:
        """Connect, and have all partitions of the log. Raises KafkaError as the client does."""
        await self._client.start()
        # Not by a subscription: a group of one's own would be one more whose place somebody watches.
        self._partitions = await partitions_of(self._client, [EVENTS.name])
        self._client.assign(self._partitions)

    async def close(self) -> None:
        """End the connection."""
        await self._client.stop()

    async def ranges(self, since: datetime) -> Ranges:
        """Which part has what was received since a moment, up to its end now."""
        moment = max(0, int(since.timestamp() * 1000))
        ends = await self._client.end_offsets(self._partitions)
        found = await self._client.offsets_for_times(dict.fromkeys(self._partitions, moment))
        begins = {
            one.partition: ends[one] if (at := found.get(one)) is None else at.offset for one in self._partitions
        }
        return Ranges(begins, {one.partition: ends[one] for one in self._partitions})

    async def read(
        self, community: str, offsets: Offsets, ends: Offsets, max_count: int
    ) -> tuple[Sequence[AcceptedEvent], Offsets]:
        """The next events of a community up to the ends, and where they end."""
        prefix = record_key(community, "")
        if offsets != self._stands:
            # To stand where one stands already would forget what was fetched ahead.
            for number, offset in offsets.items():
                self._client.seek(TopicPartition(EVENTS.name, number), offset)
        reached = dict(offsets)
        events: list[AcceptedEvent] = []
        looked_count = 0
        while len(events) < max_count and looked_count < RECORDS_MAX_COUNT:
            behind = [number for number in reached if reached[number] < ends[number]]
            if not behind:
                break
            partitions = [TopicPartition(EVENTS.name, number) for number in behind]
            fetched = await self._client.getmany(
                *partitions, timeout_ms=FETCH_MS, max_records=max_count - len(events)
            )
            for partition, records in fetched.items():
                end = ends[partition.partition]
                looked_count += len(records)
                events += [
                    ACCEPTED_EVENT.validate_json(record.value)
                    for record in records
                    if record.offset < end and record.value is not None and _is_of(record, prefix)
                ]
            for partition in partitions:
                # Also past what marks the ends of transactions, and no record is.
                reached[partition.partition] = await self._client.position(partition)
        self._stands = dict(reached)
        return events, reached

    async def live_lag(self) -> int:
        """How many records of the log wait for the live line, as it was LAG_SECONDS ago at most."""
        if time.monotonic() - self._looked_at >= LAG_SECONDS:
            ends = await self._client.end_offsets(self._partitions)
            async with self._pool.acquire() as conn:
                stands = await load_live_offsets(conn)
            behind = (end - stands.get(one.partition, end) for one, end in ends.items())
            self._lag, self._looked_at = sum(max(0, one) for one in behind), time.monotonic()
        return self._lag


def _is_of(record: Any, prefix: bytes) -> bool:
    return record.key is not None and record.key.startswith(prefix)
