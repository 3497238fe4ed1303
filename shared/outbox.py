"""The relay: publishes what transactions left in the outbox, and deletes what the broker acknowledged.

One relay of a service works at a time (an advisory lock), so that one member's messages keep the order
they were committed in. A message can be published twice, when the process dies between the two steps;
facts carry ids of their own, so it has no effect the second time.

Nobody else writes to a service's own topics. So what the broker acknowledges follows on what the database knows of
them, and now and then their ends are asked for: where something else lies between, the relay stops and says so.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import asyncpg
import mode
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from shared import positions
from shared.failures import is_transient
from shared.kafka import NO_HEADERS, Acknowledged, Headers, send_records
from shared.positions import SeenPositions
from shared.postgres import TRANSIENT, Connection, begin
from shared.retries import Pauses, StoppedInRetriesError, until_it_passes
from shared.settings import ServiceSettings
from shared.telemetry import OUTBOX_PENDING, OUTBOX_PUBLISHED, OUTBOX_RETRIES

RELAY_LOCK = 0x6F757462  # "outb"
IDLE_POLL_SECONDS = 1.0
#: A transaction costs as much as a few hundred messages; until it ends, what it published may be published again.
TRANSACTION_MAX_BATCHES = 8

#: How many messages of which nobody knows whether the broker has them are remembered, to be known when met there.
IN_DOUBT_MAX_COUNT = 20_000
LOOK_SECONDS = 5.0

#: A message: topic, key, value.
Message = tuple[str, bytes, bytes]

log = logging.getLogger(__name__)


class Watch(NamedTuple):
    """The `topics` that the service alone writes, what asks for their ends, and who is told what is wrong.

    `ends` raises KafkaError or TimeoutError. `say` gets the reason in words, after all else is committed.
    """

    topics: Collection[str]
    ends: Callable[[], Awaitable[Mapping[TopicPartition, int]]]
    say: Callable[[str], None]


class Noting(Protocol):
    """What is done with messages that the broker has, in the transaction that deletes them."""

    async def note(self, conn: Connection, messages: Iterable[Message]) -> int:
        """Do it; return how much that was."""

    def committed(self, count: int) -> None:
        """Hear that so much is committed."""


class OutboxRelay(mode.Service):
    """Publishes outbox rows in order; woken after every commit, and looks by itself once a second."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        producer: AIOKafkaProducer,
        settings: ServiceSettings,
        *,
        seen: SeenPositions | None = None,
        watch: Watch | None = None,
        held: bool = False,
        noting: Noting | None = None,
    ) -> None:
        """`seen` learns how far each topic is known. A relay that is `held` publishes nothing before `release`.

        Without a `watch` nothing is compared. `noting` sees what was published.
        """
        super().__init__()
        self._noting = noting
        self._watch = watch
        self._look_at = time.monotonic() + LOOK_SECONDS
        self._in_doubt: dict[Message, None] = {}
        self._is_repeating = False
        self._seen = seen or SeenPositions()
        self._released = asyncio.Event()
        if not held:
            self._released.set()
        self._pool = pool
        self._producer = producer
        self._settings = settings
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._pending = 0
        self._relaying: asyncio.Task[None] | None = None

    @property
    def pending_count(self) -> int:
        """How many messages wait to be published, as far as this relay knows."""
        return self._pending

    def release(self) -> None:
        """Let a relay that was held publish."""
        self._released.set()
        self._work.set()

    def hold(self) -> None:
        """Publish nothing before `release`."""
        self._released.clear()

    def in_doubt(self, messages: Iterable[Message]) -> set[Message]:
        """Those of messages that this relay has sent without learning whether the broker had them."""
        return {message for message in messages if message in self._in_doubt}

    def wake(self, count: int) -> None:
        """Say that `count` rows were committed."""
        if count:
            self._set_pending(self._pending + count)
            self._work.set()

    async def wait_for_room(self) -> None:
        """Return once fewer than `outbox_max_count` rows are unpublished: consuming waits for publishing."""
        await self._room.wait()

    async def wait_until_published(self) -> None:
        """Return once every row that is committed now has been published, by whichever process."""
        newest = await self._ask("select max(id) from outbox")
        while newest is not None and await self._ask("select exists (select from outbox where id <= $1)", newest):
            self._work.set()
            await asyncio.sleep(0.01)

    async def look(self) -> str | None:
        """Compare the ends of own topics with what the database knows, now; says and returns what is unknown.

        Raises KafkaError or TimeoutError when the broker does not answer.
        """
        async with begin(self._pool) as conn:
            # No relay of the service is at work: what it published is committed.
            await conn.execute("select pg_advisory_xact_lock($1)", RELAY_LOCK)
            why = await self._why_unknown(conn)
        self._work.set()  # the relay may have found the lock taken
        self._say(why)
        return why

    async def on_start(self) -> None:
        """Count what an earlier process left behind, and begin."""
        self._set_pending(await self._ask("select count(*) from outbox"))
        self._relaying = self.add_future(self._relay())  # a crash here crashes the service

    async def on_stop(self) -> None:
        """Publish what is there, for a moment; what remains is published by the next process."""
        if not self._released.is_set():
            return
        with contextlib.suppress(TimeoutError, KafkaError, *TRANSIENT):
            async with asyncio.timeout(self._settings.stop_seconds):
                if self._relaying is not None:
                    # Cut off between sent and deleted, what is on its way would be published again.
                    self._work.set()
                    await asyncio.wait([self._relaying])
                await self._publish_all()

    async def _ask(self, query: str, *arguments: Any) -> Any:
        async with begin(self._pool) as conn:
            return await conn.fetchval(query, *arguments)

    def _set_pending(self, count: int) -> None:
        self._pending = max(0, count)
        OUTBOX_PENDING.set(self._pending)
        if self._pending < self._settings.outbox_max_count:
            self._room.set()
        else:
            self._room.clear()

    async def _relay(self) -> None:
        while not self.should_stop:
            awaited = self._work if self._released.is_set() else self._released
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(awaited.wait(), IDLE_POLL_SECONDS)
            if awaited is self._released:
                continue
            self._work.clear()
            with contextlib.suppress(StoppedInRetriesError):
                await until_it_passes(
                    self._publish_all,
                    is_transient=is_transient,
                    pauses=Pauses(self._settings.retry_min_seconds, self._settings.retry_max_seconds),
                    on_failure=_count_retry,
                    should_stop=lambda: self.should_stop,
                )

    async def _publish_all(self) -> None:
        while await self._publish_batches():
            pass

    async def _publish_batches(self) -> bool:
        """Publish a few batches in one transaction; True when there may be more."""
        try:
            more = await self._publish_in_one()
        except BaseException:
            if not self._is_repeating:
                self._in_doubt.clear()
            self._is_repeating = True
            raise
        self._is_repeating = False
        return more

    async def _publish_in_one(self) -> bool:
        count, batches, noted = 0, 0, 0
        spans: dict[TopicPartition, Acknowledged] = {}
        moved: dict[TopicPartition, int] = {}
        why = None
        async with begin(self._pool) as conn:
            if self._watch is not None and time.monotonic() >= self._look_at:
                why = await self._look_in_passing(conn)
            # 1. Deleted, for this transaction only ...
            rows = await self._delete_oldest(conn)
            while rows:
                if self._is_repeating:
                    # The broker may have them already: the same rows come first again.
                    room = IN_DOUBT_MAX_COUNT - len(self._in_doubt)
                    self._in_doubt |= {_message(row): None for row in rows[:room]}
                count, batches = count + len(rows), batches + 1
                more = len(rows) == self._settings.outbox_batch_max_count and batches < TRANSACTION_MAX_BATCHES
                # 2. ... until all in-sync replicas have acknowledged them: PostgreSQL finds the next meanwhile.
                sent, following = await asyncio.gather(
                    self._send(rows), self._delete_oldest(conn) if more else _nothing(), return_exceptions=True
                )
                if isinstance(sent, BaseException):
                    raise sent
                if isinstance(following, BaseException):
                    raise following
                for place, span in sent.items():
                    spans[place] = spans[place].followed_by(span) if place in spans else span
                if self._noting is not None:
                    noted += await self._noting.note(conn, map(_message, rows))
                rows = following
            # 3. Committed, they are gone, and known to be in their topics; a process that dies before leaves them
            #    all to the next.
            if spans:
                watched = self._watch.topics if self._watch else ()
                moved, beyond = await positions.acknowledge(conn, spans, watched=watched)
                why = why or _why_beyond(beyond)
            else:
                await self._seen.check(conn)
                why = why or await self._why_not_known(conn)
            left = None if count else await conn.fetchval("select count(*) from outbox")
        self._seen.saw(moved)
        OUTBOX_PUBLISHED.inc(count)
        if self._noting is not None:
            self._noting.committed(noted)
        self._set_pending(self._pending - count if left is None else left)
        self._say(why)
        return batches == TRANSACTION_MAX_BATCHES and why is None

    def _say(self, why: str | None) -> None:
        if why is not None and self._watch is not None:
            self._watch.say(why)

    async def _look_in_passing(self, conn: Connection) -> str | None:
        """Look unless another relay is at work, or the broker does not answer: whoever publishes finds that."""
        self._look_at = time.monotonic() + LOOK_SECONDS
        if not await conn.fetchval("select pg_try_advisory_xact_lock($1)", RELAY_LOCK):
            return None
        try:
            return await self._why_unknown(conn)
        except (KafkaError, TimeoutError) as error:
            log.debug("the ends of own topics are asked for again later: %r", error)
            return None

    async def _why_unknown(self, conn: Connection) -> str | None:
        """What of own topics the database does not know, in words; it is noted. Call it under the relay's lock."""
        if self._watch is None:
            return None
        ends = await self._watch.ends()
        known = await positions.load(conn, self._watch.topics)
        beyond = {
            place: Acknowledged(end, end, False) for place, end in ends.items() if end != known.get(place, 0)
        }
        if beyond:
            await positions.acknowledge(conn, beyond, watched=self._watch.topics)
        return _why_beyond(sorted(beyond)) or await self._why_not_known(conn)

    async def _why_not_known(self, conn: Connection) -> str | None:
        """What another process of the service has found and not taken in yet."""
        if self._watch is None:
            return None
        is_unknown = await conn.fetchval(
            "select exists (select from own_positions where acknowledged_to is not null)"
            " or exists (select from forgotten_facts)"
        )
        return "another process of it reads back facts that its database does not know" if is_unknown else None

    async def _delete_oldest(self, conn: Connection) -> list[asyncpg.Record]:
        """Delete the oldest rows and return them; none while another relay is at work, or facts are unknown.

        Oldest first, and never "id > last": sequences do not commit in order.
        """
        rows = await conn.fetch(
            """
            with relay as materialized (select pg_try_advisory_xact_lock($1) as mine)
            delete from outbox
            where ctid = any(array(
                select ctid from outbox
                where (select mine from relay)
                  and not exists (select from own_positions where acknowledged_to is not null)
                order by id limit $2))
            returning id, topic, key, value, traceparent
            """,
            RELAY_LOCK,
            self._settings.outbox_batch_max_count,
        )
        return sorted(rows, key=itemgetter(0))

    async def _send(self, rows: list[asyncpg.Record]) -> dict[TopicPartition, Acknowledged]:
        async with asyncio.timeout(self._settings.publish_seconds):
            return await send_records(
                self._producer, map(_message, rows), headers=[_headers(row[4]) for row in rows]
            )


def _message(row: asyncpg.Record) -> Message:
    return row[1], row[2], row[3]


def _headers(traceparent: str | None) -> Headers:
    """The span that a message was told in, for whoever consumes it (W3C Trace Context)."""
    return NO_HEADERS if traceparent is None else [("traceparent", traceparent.encode())]


def _why_beyond(beyond: Collection[TopicPartition]) -> str | None:
    if not beyond:
        return None
    names = ", ".join(f"{place.topic}/{place.partition}" for place in beyond)
    return f"somebody else has written to {names}, or they were made anew"


def _count_retry(error: Exception, pause: float) -> None:
    OUTBOX_RETRIES.inc()
    log.warning("publishing waits %.1f s: %r", pause, error)


async def _nothing() -> list[asyncpg.Record]:
    return []
