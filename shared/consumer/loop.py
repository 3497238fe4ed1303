"""The consumer loop: the one place where a message could be lost or count twice.

Batch of records → decode → one transaction {offsets moved by compare-and-set, handlers, outbox rows} →
commit. Offsets live in PostgreSQL beside the facts; Kafka's own committed offset is for lag monitors only.

A record leaves in one of three ways. Invalid (it can never succeed): to the service's dead-letter topic,
under a limit. Transient (database or broker away, deadlock): the same batch is tried again; one that fails again
and again by its own doing is split until its culprit is found, which counts as invalid. Unknown (a bug): the
process ends, loudly, and nothing is skipped.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import mode
from aiokafka import TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from shared import spans
from shared.consumer import offsets
from shared.consumer.batch import Batch, first_left
from shared.consumer.client import FETCH_WAIT_MS, consumer, fetch, lags
from shared.consumer.collector import collector_paused
from shared.consumer.dead_letters import DeadLetters
from shared.consumer.giving_way import Turns
from shared.consumer.monitors import Monitors
from shared.consumer.offsets import OffsetConflictError
from shared.consumer.own_failures import OwnFailureError, OwnFailures
from shared.consumer.progress import Progress
from shared.consumer.rebalances import Rebalances
from shared.consumer.replays import Replays
from shared.consumer.subscription import Lanes, Preparation, Subscription, handle, topics_and_lanes
from shared.consumer.traced import BatchSpans
from shared.failures import is_transient
from shared.outbox import OutboxRelay
from shared.postgres import begin
from shared.retries import Pauses, StoppedInRetriesError, until_it_passes
from shared.settings import ServiceSettings
from shared.telemetry import (
    BAD_SIGNATURES,
    BATCH_SECONDS,
    CONSUMED_BATCHES,
    CONSUMED_RECORDS,
    CONSUMER_RETRIES,
    OFFSET_CONFLICTS,
)
from shared.transaction import InvalidMessageError, Transaction

#: How often somebody's wish to send a dead letter through again is looked for.
#: Decoding ahead lets the batch at work go on after so many records.
DECODE_SLICE_COUNT = 250

log = logging.getLogger(__name__)


class ConsumerLoop(mode.Service):
    """Consumes a service's subscriptions, one batch and one transaction at a time."""

    def __init__(
        self,
        service: str,
        subscriptions: Sequence[Subscription],
        pool: asyncpg.Pool,
        relay: OutboxRelay,
        settings: ServiceSettings,
        lanes: Lanes | None = None,
    ) -> None:
        super().__init__()
        self._service = service
        self._lanes = lanes
        self._subscriptions = {subscription.topic.name: subscription for subscription in subscriptions}
        self._validate = {
            subscription.topic.name: subscription.decoder(settings) for subscription in subscriptions
        }
        self._turns = Turns(
            {one.topic.name: one.gives_way(settings) for one in subscriptions if one.gives_way is not None},
            self._is_closed,
        )
        self._pool = pool
        self._relay = relay
        self._settings = settings
        self._preparation = Preparation(pool.acquire, settings)
        self._dead_letters = DeadLetters(service, settings)
        self._own_failures = OwnFailures(pool, settings)
        self._progress = Progress()
        self._replays = Replays(
            service,
            pool,
            settings,
            subscriptions=self._subscriptions,
            lanes=lanes,
            preparation=self._preparation,
            validate=self._validate,
        )
        self._next: dict[TopicPartition, int] = {}
        self._exemplar: dict[str, str] | None = None
        self._busy = asyncio.Lock()
        self._ahead: asyncio.Task[Batch] | None = None
        self._last_began = 0.0
        self._consumer = consumer(service, settings)
        self._monitors = Monitors(
            topics=self._subscriptions,
            pool=pool,
            relay=relay,
            client=self._consumer,
            position_seconds=settings.position_seconds,
            lags=self._lags,
            positions=lambda: self._next,
            stalled_seconds=self.stalled_seconds,
            sleep=self.sleep,
            should_stop=lambda: self.should_stop,
        )
        self.assigned = asyncio.Event()

    async def on_start(self) -> None:
        """Join the service's group and begin to consume."""
        for topic in self._subscriptions:
            CONSUMED_RECORDS.labels(topic)  # a topic without records shows as 0
            if self._subscriptions[topic].topic.signed:
                BAD_SIGNATURES.labels(topic)
        await self._consumer.start()
        wanted = topics_and_lanes(self._subscriptions, self._lanes)
        self._consumer.subscribe(**wanted, listener=Rebalances(self))
        self.add_future(self._consume())
        self.add_future(self._monitors.run())
        self.add_future(
            self._replays.run(
                self._busy,
                positions=lambda: self._next,
                wake=self._relay.wake,
                sleep=self.sleep,
                should_stop=lambda: self.should_stop,
            )
        )

    async def on_stop(self) -> None:
        """Let the batch at work finish, then leave the group so that another worker takes over at once."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.stop_seconds):
                async with self._busy:
                    pass
                # Not within the lock: leaving may have to wait for a rebalance, and that waits for the lock.
                await self._consumer.stop()

    async def _consume(self) -> None:
        try:
            while not self.should_stop:
                await self.assigned.wait()
                if self._ahead is None and not self._is_behind():
                    await self._let_a_batch_grow()
                batch = await (self._ahead or self._fetch())
                self._ahead = None
                if batch.records or self._waiting():
                    self._progress.waits()
                else:
                    self._progress.idle()
                await self._relay.wait_for_room()
                async with self._busy:
                    with contextlib.suppress(StoppedInRetriesError):
                        batch = await self._leave_in_lanes(batch.only(self._is_wanted))
                        batch = self._leave(batch, self._turns.left(batch.records, self._lags()))
                        if batch.records and not self.should_stop:
                            self._last_began = time.monotonic()
                            if self._is_behind(besides=len(batch.records)):
                                # It is decoded while PostgreSQL works. Without a whole batch waiting, what comes
                                # meanwhile is left to grow, which costs fewer transactions.
                                self._ahead = asyncio.create_task(self._fetch())
                            await self._process_or_give_up(batch)
        except ConsumerStoppedError:
            return
        finally:
            await self._drop_ahead()

    def _is_behind(self, besides: int = 0) -> bool:
        """Whether a whole batch waits at the broker `besides` so many records, as far as its last answer told."""
        return self._waiting() - besides >= self._settings.batch_max_count

    def _waiting(self) -> int:
        return self._turns.waiting(self._lags())

    def stalled_seconds(self) -> float:
        """How long records have been waiting with no batch finished; 0 when none wait, or others have them."""
        return self._progress.stalled_seconds() if self.assigned.is_set() else 0.0

    def _is_closed(self, partition: TopicPartition) -> bool:
        """Whether it is of a lane that is not read for the moment."""
        return self._lanes is not None and self._lanes.is_closed(partition.topic)

    def _lags(self) -> dict[TopicPartition, int]:
        return lags(self._consumer, self._next)

    async def _let_a_batch_grow(self) -> None:
        """Wait until the last batch began an interval ago: a transaction costs much, a record in it little."""
        pause = self._last_began + self._settings.batch_interval_seconds - time.monotonic()
        if pause > 0:
            await self.sleep(pause)

    async def _fetch(self) -> Batch:
        """The next records, decoded; none when there are none for a moment."""
        batch = Batch()
        self._consumer.resume(*self._consumer.paused())
        self._consumer.pause(*filter(self._is_closed, self._consumer.assignment()))
        turn = self._turns.next(self._consumer.assignment(), self._lags(), self._settings.batch_max_count)
        if turn.partitions is not None and not turn.partitions:
            # There is only what gives way, and it is not its turn.
            await self.sleep(FETCH_WAIT_MS / 1000)
            return batch
        try:
            records = await fetch(self._consumer, turn.max_count, turn.partitions or ())
        except KafkaError as error:
            if isinstance(error, ConsumerStoppedError) or not is_transient(error):
                raise
            log.warning("fetching waits %.1f s: %r", self._settings.retry_min_seconds, error)
            await self.sleep(self._settings.retry_min_seconds)
            return batch
        # The client keeps this to itself, and would return nothing for ever.
        if self._consumer._fetcher.error_future.done() and not self.should_stop:
            raise RuntimeError("the Kafka client fetches no more: its task has ended (aiokafka issue 983)")
        if records and not self._is_behind(besides=len(records)):
            # The client would fetch at once what comes first, and then nothing until that is taken. Asked when
            # the next batch is due, the broker gives all that came.
            self._consumer.pause(*self._consumer.assignment())
        for start in range(0, len(records), DECODE_SLICE_COUNT):
            batch.decode(records[start : start + DECODE_SLICE_COUNT], self._validate)
            await asyncio.sleep(0)
        return batch

    def _is_wanted(self, record: Any) -> bool:
        """False for what a rebalance took away, or others have done, since it was fetched."""
        next_offset = self._next.get(TopicPartition(record.topic, record.partition))
        return next_offset is not None and record.offset >= next_offset

    async def _leave_in_lanes(self, batch: Batch) -> Batch:
        """Without what of lanes is not taken now; the next batches have it. Nothing is fetched ahead meanwhile."""
        records = [record for record in batch.records if record.topic not in self._subscriptions]
        lanes = self._lanes
        if lanes is None or not records:
            return batch
        taken: Sequence[Any] = ()

        async def choose() -> None:
            nonlocal taken
            taken = await lanes.choose(self._preparation, records)

        await self._until_it_passes(choose, f"choosing of {len(records)} records of lanes")
        return self._leave(batch, first_left(records, taken))

    def _leave(self, batch: Batch, stops: Mapping[TopicPartition, int]) -> Batch:
        """Without what comes from where a partition stops; the client goes back there."""
        if not stops:
            return batch
        for partition, offset in stops.items():
            # Without an assignment there will be another, which begins where the database stands.
            if partition in self._consumer.assignment():
                self._consumer.seek(partition, offset)
        return batch.before(stops)

    async def _drop_ahead(self) -> None:
        """Forget what was fetched ahead; whoever calls this goes back to where the database stands."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _process_or_give_up(self, batch: Batch) -> None:
        """Process a batch; when another worker moved the offsets, go on from where the database stands now."""
        try:
            await self._process(batch)
        except OffsetConflictError:
            OFFSET_CONFLICTS.inc()
            log.warning("another worker moved the offsets: this batch is given up")
            # First: records beyond a gap that the database waits for must not move its offset over the gap.
            await self._drop_ahead()
            await self._until_it_passes(lambda: self._load_offsets(list(self._next)), "reading the offsets")

    async def _process(self, batch: Batch, tries: int | None = None) -> None:
        """Process a batch, whatever it takes: splits it around invalid records, retries what passes.

        One that fails by its own doing is tried `tries` times (a setting's, for a whole one) before it is split.
        Raises OffsetConflictError, and then nothing after the conflict was processed: records beyond a gap that
        the database still waits for must not move its offset over the gap.
        """
        started = time.perf_counter()
        while True:
            try:
                await self._commit_with_retries(batch, tries or self._settings.own_failures_max_count)
                break
            except InvalidMessageError as invalid:
                culprit, reason = batch.culprit(invalid), invalid.reason
            except OwnFailureError as failure:
                log.warning("a batch of %d fails by its own doing: %s", len(batch.records), failure.reason)
                culprit, reason = batch.only_one(), failure.reason
                if culprit is not None and not self._own_failures.may_put_aside():
                    continue
                tries = 1
            if culprit is None:
                for half in batch.halves():
                    await self._process(half, None if len(half.decoded) == 1 else tries)
                return
            batch.reject(culprit, reason)
        if batch.decoded:
            self._own_failures.went_through()
        self._progress.finished()
        BATCH_SECONDS.observe(time.perf_counter() - started, self._exemplar)
        CONSUMED_BATCHES.inc()
        taken = Counter(record.topic for record in batch.records)
        self._monitors.meter.took(taken)
        for topic, count in taken.items():
            CONSUMED_RECORDS.labels(topic).inc(count)

    async def _commit_with_retries(self, batch: Batch, own_failures_max_count: int) -> None:
        last = {(record.topic, record.partition): record for record in batch.records}
        moves = {TopicPartition(*partition): record.offset + 1 for partition, record in last.items()}
        attempts = own_failures = 0

        async def attempt() -> None:
            nonlocal attempts, own_failures
            attempts += 1
            # The connection may have gone after the server committed: ask before doing it again.
            if attempts > 1 and await offsets.were_moved(self._pool, old=self._next, new=moves):
                return
            try:
                await self._prepare_and_commit(moves, batch)
            except Exception as error:
                own_failures += batch.decoded != [] and await self._own_failures.is_own(error)
                if own_failures >= own_failures_max_count:
                    raise OwnFailureError(error) from error
                raise

        await self._until_it_passes(attempt, f"a batch of {len(batch.records)}")
        self._next.update(moves)
        self._monitors.meter.reached(last.values())
        self._dead_letters.count(batch.rejections)

    async def _until_it_passes(self, action: Callable[[], Awaitable[None]], what: str) -> None:
        """Do something, again after every failure that passes by itself, however long that takes.

        Raises StoppedInRetriesError when the service stops first.
        """

        def count(error: Exception, pause: float) -> None:
            CONSUMER_RETRIES.inc()
            log.warning("%s is tried again in %.1f s: %r", what, pause, error)

        await until_it_passes(
            action,
            is_transient=is_transient,
            pauses=Pauses(self._settings.retry_min_seconds, self._settings.retry_max_seconds),
            on_failure=count,
            sleep=self.sleep,
            should_stop=lambda: self.should_stop,
        )

    async def _prepare_and_commit(self, moves: dict[TopicPartition, int], batch: Batch) -> None:
        messages: dict[str, list[Any]] = {}
        for record, message in batch.decoded:
            messages.setdefault(record.topic, []).append(message)
        with collector_paused():
            for topic, subscription in self._subscriptions.items():
                if topic in messages and subscription.prepare is not None:
                    async with self._own_failures.noticed():
                        await subscription.prepare(self._preparation, messages[topic])
            await self._commit(moves, batch, messages)

    async def _commit(
        self, moves: dict[TopicPartition, int], batch: Batch, messages: dict[str, list[Any]]
    ) -> None:
        traced = self._spans_of(batch)
        async with begin(self._pool) as conn:
            tx = Transaction(
                conn,
                datetime.now(UTC),
                service=self._service,
                settings=self._settings,
                carried=None if traced is None else traced.carried,
            )
            # 1. The offsets first: their row locks keep any other owner of the partition waiting.
            await offsets.move(conn, old=self._next, new=moves)
            async with self._own_failures.noticed():
                # 2. The facts.
                await handle(tx, messages, subscriptions=self._subscriptions, lanes=self._lanes)
                # 3. What can never succeed, as messages of the same transaction.
                await self._dead_letters.publish(tx, batch.rejections)
                # 4. The messages about the facts.
                count = await tx.store_outbox()
        # 5. Only now may they be published.
        self._relay.wake(count)
        if traced is not None:
            traced.tell()

    def _spans_of(self, batch: Batch) -> BatchSpans | None:
        """The spans of a batch that begins; None where nobody is told of any."""
        if not spans.are_told():
            return None
        traced = BatchSpans(self._service, batch.decoded, max_count=self._settings.traces_per_batch_max_count)
        self._exemplar = traced.exemplar
        return traced

    async def _load_offsets(self, partitions: list[TopicPartition]) -> None:
        """Stand where the database says; a partition never read before begins at its first record."""
        stored = await offsets.stored(self._pool, partitions)
        unknown = [partition for partition in partitions if partition not in stored]
        if unknown:
            await offsets.begin_at(self._pool, await self._consumer.beginning_offsets(unknown))
            stored |= await offsets.stored(self._pool, unknown)
        for partition in partitions:
            self._consumer.seek(partition, stored[partition])
        self._next = {**self._next, **stored}

    async def on_assigned(self, partitions: list[TopicPartition]) -> None:
        """Become the owner of partitions: only after what their last owner committed has been published."""
        self._next = {}

        async def stand_where_the_last_owner_stopped() -> None:
            await self._load_offsets(partitions)
            await self.wait(self._relay.wait_until_published())

        with contextlib.suppress(StoppedInRetriesError):
            await self._until_it_passes(stand_where_the_last_owner_stopped, "taking partitions")
            self.assigned.set()

    async def on_revoked(self) -> None:
        """Stop owning partitions, once the batch at work is done."""
        self.assigned.clear()
        async with self._busy:
            self._next = {}
