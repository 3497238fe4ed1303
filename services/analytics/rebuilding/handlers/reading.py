"""The reader of a rebuild: from the beginning of every topic, never beyond where the running analytics stands.

Positions and rows move in one transaction, so a reader that was killed goes on where it was. It joins no group, as
it shares its partitions with nobody, and what handlers tell is dropped: all of it was told before.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.analytics.metrics import REBUILD_LEFT, REBUILD_READ, REBUILD_UNTOLD
from services.analytics.rebuilding import store
from services.analytics.rebuilding.domain import Place, left_of
from services.analytics.rebuilding.store import SERVICE, Orders
from services.analytics.settings import Settings
from shared.consumer import Preparation, Subscription, offsets
from shared.consumer.batch import Batch
from shared.consumer.collector import collector_paused
from shared.consumer.subscription import handle
from shared.failures import is_transient
from shared.postgres import Connection, Pool, begin
from shared.retries import Pauses, until_it_passes
from shared.service import Timer
from shared.topics import dead_letter_topic
from shared.transaction import InvalidMessageError, Transaction

LOOK_SECONDS: Final = 0.5
FETCH_WAIT_MS: Final = 200
#: Decoding lets the batch at work go on after so many records.
DECODE_SLICE_COUNT: Final = 250
_DEAD_LETTERS: Final = dead_letter_topic(SERVICE).name

log = logging.getLogger(__name__)


class AnotherReadsError(Exception):
    """Another process reads for this rebuild."""


@dataclass(frozen=True)
class Databases:
    """The database that is rebuilt, by a `pool` and a connection of the reader's `own`, and the running one's."""

    pool: Pool
    own: Connection
    running: str


class Reader:
    """Reads for a rebuild until it is told to end."""

    def __init__(
        self,
        settings: Settings,
        databases: Databases,
        *,
        subscriptions: Sequence[Subscription],
        timers: Sequence[Timer],
    ) -> None:
        self._settings = settings
        self._pool, self._own, self._running = databases.pool, databases.own, databases.running
        self._subscriptions = {one.topic.name: one for one in subscriptions}
        self._validate = {one.topic.name: one.decoder(settings) for one in subscriptions}
        self._preparation = Preparation(databases.pool.acquire, settings)
        self._timers = timers
        self._stands: dict[TopicPartition, int] = {}
        self._first: dict[TopicPartition, int] = {}
        self._until: dict[TopicPartition, int] = {}
        self._orders = Orders(0, False, None, False)
        self._ahead: asyncio.Task[Batch] | None = None
        self._looked_at = self._busy_seconds = 0.0
        self._records = 0
        self._consumer = AIOKafkaConsumer(
            **settings.broker.options,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            fetch_max_bytes=settings.fetch_max_bytes,
            max_partition_fetch_bytes=settings.fetch_max_bytes,
        )

    async def run(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        """Read until told to end. Raises AnotherReadsError, and whatever nobody foresaw."""
        if not await store.lock_reading(self._own):
            raise AnotherReadsError
        await store.put_tables(self._own)
        await self._consumer.start()
        try:
            await self._begin()
            while not should_stop():
                await self._look(is_held=self._orders.hold)
                if self._orders.ends:
                    return
                if self._orders.hold or not await self._read():
                    await self._stand_still()
        finally:
            await self._drop_ahead()
            await self._consumer.stop()

    async def _begin(self) -> None:
        """Stand where the database says, or at the beginning: of what was never read, or is kept no more."""
        places = [
            TopicPartition(topic, number)
            for topic in self._subscriptions
            for number in await self._partitions(topic)
        ]
        self._consumer.assign(places)
        self._first = await self._consumer.beginning_offsets(places)
        await offsets.begin_at(self._pool, self._first)
        stored = await offsets.stored(self._pool, places)
        kept = {place: max(stored[place], self._first[place]) for place in places}
        if gone := {place: offset for place, offset in kept.items() if offset != stored[place]}:
            async with begin(self._pool) as conn:
                await offsets.move(conn, old=stored, new=gone)
        self._stands = kept
        self._seek()

    async def _partitions(self, topic: str) -> list[int]:
        found = (await self._consumer._client.fetch_all_metadata()).partitions_for_topic(topic)
        if not found:
            raise RuntimeError(f"topic {topic} is not there, or may not be read")
        return sorted(found)

    def _seek(self) -> None:
        for place, offset in self._stands.items():
            self._consumer.seek(place, offset)

    async def _look(self, *, is_held: bool = False, has_reached: bool = False) -> None:
        """Now and then hear what is wanted, and where the running one stands; say how it goes."""
        if time.monotonic() < self._looked_at + LOOK_SECONDS and not (is_held or has_reached):
            return
        self._looked_at = time.monotonic()
        await store.put_report(
            self._own,
            at=datetime.now(UTC),
            orders_id=self._orders.orders_id,
            is_held=is_held,
            has_reached=has_reached,
            records=self._records,
            busy_seconds=self._busy_seconds,
        )
        self._records, self._busy_seconds = 0, 0.0
        self._orders = await store.load_orders(self._own)
        until = self._orders.until
        if until is None and not self._orders.hold:
            until = await store.find_stands_of(self._settings, database=self._running)
        if until is not None:
            self._until = {place: until.get(Place(*place), first) for place, first in self._first.items()}
            await store.put_until(self._own, first=_places(self._first), until=_places(self._until))
        REBUILD_LEFT.set(left_of(stands=_places(self._stands), until=_places(self._until)))

    async def _stand_still(self) -> None:
        """With nothing to read: have counted what waits, and say whether all that is wanted is done."""
        await self._drop_ahead()
        if not self._orders.hold:
            orders_id = self._orders.orders_id
            await self._count()
            is_read = all(self._stands[place] >= end for place, end in self._until.items())
            if self._orders.until is not None and is_read and orders_id == self._orders.orders_id:
                await self._look(has_reached=not await store.is_anything_waiting(self._pool))
        await asyncio.sleep(FETCH_WAIT_MS / 1000)

    async def _count(self) -> None:
        """Run the timers that count until they have nothing left to do."""
        for timer in self._timers:
            has_more: bool | None = True
            while has_more:
                has_more = await self._patiently(lambda run=timer.run: self._transact(run), timer.name)  # type: ignore[misc]
                await self._look()

    async def _read(self) -> bool:
        """Process a batch; False where there is none for the moment."""
        started = time.monotonic()
        batch = await (self._ahead or asyncio.create_task(self._fetch()))
        self._ahead = None
        beyond = self._beyond(batch)
        if beyond:
            batch = batch.before(beyond)
            for place in beyond:
                self._consumer.seek(place, max(self._until[place], self._stands[place]))
        await self._pass_gaps(batch, beyond)
        if not batch.records:
            return False
        self._ahead = asyncio.create_task(self._fetch())
        await self._process(batch)
        self._records += len(batch.records)
        self._busy_seconds += time.monotonic() - started
        REBUILD_READ.inc(len(batch.records))
        return True

    def _beyond(self, batch: Batch) -> dict[TopicPartition, int]:
        """Where partitions stop of which the batch has records that the running one has not read."""
        last = {TopicPartition(record.topic, record.partition): record.offset for record in batch.records}
        return {place: self._until[place] for place, offset in last.items() if offset >= self._until[place]}

    async def _pass_gaps(self, batch: Batch, beyond: Mapping[TopicPartition, int]) -> None:
        """Stand at the end of what compaction left empty before it."""
        there = {TopicPartition(record.topic, record.partition) for record in batch.records}
        passed = {place: end for place, end in beyond.items() if place not in there and self._stands[place] < end}
        if passed:
            async with begin(self._pool) as conn:
                await offsets.move(conn, old=self._stands, new=passed)
            self._stands |= passed

    async def _fetch(self) -> Batch:
        batch = Batch()
        wanted = [place for place, end in self._until.items() if self._stands[place] < end]
        if not wanted:
            return batch
        try:
            fetched = await self._consumer.getmany(
                *wanted, timeout_ms=FETCH_WAIT_MS, max_records=self._settings.rebuild_batch_max_count
            )
        except KafkaError as error:
            if not is_transient(error):
                raise
            log.warning("fetching waits: %r", error)
            await asyncio.sleep(self._settings.retry_min_seconds)
            return batch
        records = [record for of_place in fetched.values() for record in of_place]
        for start in range(0, len(records), DECODE_SLICE_COUNT):
            batch.decode(records[start : start + DECODE_SLICE_COUNT], self._validate)
            await asyncio.sleep(0)
        return batch

    async def _drop_ahead(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ahead
            self._seek()

    async def _process(self, batch: Batch) -> None:
        """Process a batch; one with an invalid record is split until that is found, and counted."""
        while True:
            try:
                await self._patiently(lambda: self._commit(batch), f"a batch of {len(batch.records)}")
            except InvalidMessageError as invalid:
                culprit = batch.culprit(invalid)
                if culprit is None:
                    for half in batch.halves():
                        await self._process(half)
                    return
                batch.reject(culprit, invalid.reason)
            else:
                return

    async def _patiently(self, action: Callable[[], Awaitable[Any]], what: str) -> Any:
        return await until_it_passes(
            action,
            is_transient=is_transient,
            pauses=Pauses(self._settings.retry_min_seconds, self._settings.retry_max_seconds),
            on_failure=lambda error, pause: log.warning("%s waits %.1f s: %r", what, pause, error),
        )

    async def _commit(self, batch: Batch) -> None:
        last = {(record.topic, record.partition): record.offset + 1 for record in batch.records}
        moves = {TopicPartition(*place): offset for place, offset in last.items()}
        messages: dict[str, list[Any]] = {}
        for record, message in batch.decoded:
            messages.setdefault(record.topic, []).append(message)
        if await offsets.were_moved(self._pool, old=self._stands, new=moves):
            self._stands |= moves
            return
        with collector_paused():
            for topic, subscription in self._subscriptions.items():
                if topic in messages and subscription.prepare is not None:
                    await subscription.prepare(self._preparation, messages[topic])

            async def take(tx: Transaction[Any]) -> None:
                await offsets.move(tx.conn, old=self._stands, new=moves)
                await handle(tx, messages, subscriptions=self._subscriptions, lanes=None)

            await self._transact(take, invalid_count=len(batch.rejections))
        self._stands |= moves

    async def _transact(
        self, work: Callable[[Transaction[Any]], Awaitable[Any]], *, invalid_count: int = 0
    ) -> Any:
        """Work in a transaction that tells nothing."""
        async with begin(self._pool) as conn:
            tx = Transaction(conn, datetime.now(UTC), service=SERVICE, settings=self._settings)
            answer = await work(tx)
            untold = tx.forget_told()
            if invalid_count:
                untold[_DEAD_LETTERS] += invalid_count
            if untold:
                await store.add_untold(conn, counts=untold)
        _show(untold)
        return answer


def _places(offsets_by_place: Mapping[TopicPartition, int]) -> dict[Place, int]:
    return {Place(*place): offset for place, offset in offsets_by_place.items()}


def _show(untold: Counter[str]) -> None:
    for topic, count in untold.items():
        REBUILD_UNTOLD.labels(topic).inc(count)
