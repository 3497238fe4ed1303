"""The relay: publishes what transactions left in the outbox, and deletes what the broker acknowledged.

One relay of a service works at a time (an advisory lock), so that one member's messages keep the order
they were committed in. A message can be published twice, when the process dies between the two steps;
facts carry ids of their own, so it has no effect the second time.
"""

import asyncio
import contextlib
import logging
from operator import itemgetter
from typing import Any

import asyncpg
import mode
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from shared import positions
from shared.failures import is_transient
from shared.kafka import send_records
from shared.positions import SeenPositions
from shared.postgres import TRANSIENT, Connection, begin
from shared.retries import Pauses, StoppedInRetriesError, until_it_passes
from shared.settings import ServiceSettings
from shared.telemetry import OUTBOX_PENDING, OUTBOX_PUBLISHED, OUTBOX_RETRIES

RELAY_LOCK = 0x6F757462  # "outb"
IDLE_POLL_SECONDS = 1.0
#: A transaction costs as much as a few hundred messages; until it ends, what it published may be published again.
TRANSACTION_MAX_BATCHES = 8

log = logging.getLogger(__name__)


class OutboxRelay(mode.Service):
    """Publishes outbox rows in order; woken after every commit, and looks by itself once a second."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        producer: AIOKafkaProducer,
        settings: ServiceSettings,
        *,
        seen: SeenPositions | None = None,
        held: bool = False,
    ) -> None:
        """`seen` learns how far each topic is known. A relay that is `held` publishes nothing before `release`."""
        super().__init__()
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

    def release(self) -> None:
        """Let a relay that was held publish."""
        self._released.set()
        self._work.set()

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

    async def on_start(self) -> None:
        """Count what an earlier process left behind, and begin."""
        self._set_pending(await self._ask("select count(*) from outbox"))
        self._relaying = self.add_future(self._relay())  # a crash here crashes the service

    async def on_stop(self) -> None:
        """Publish what is there, for a moment; what remains is published by the next process."""
        with contextlib.suppress(TimeoutError, KafkaError, *TRANSIENT):
            async with asyncio.timeout(self._settings.stop_seconds):
                if self._released.is_set():
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
        count, batches = 0, 0
        ends: dict[TopicPartition, int] = {}
        async with begin(self._pool) as conn:
            # 1. Deleted, for this transaction only ...
            rows = await self._delete_oldest(conn)
            while rows:
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
                ends |= sent
                rows = following
            # 3. Committed, they are gone, and known to be in their topics; a process that dies before leaves them
            #    all to the next.
            if ends:
                await positions.move_up(conn, ends)
            else:
                await self._seen.check(conn)
            left = None if count else await conn.fetchval("select count(*) from outbox")
        self._seen.saw(ends)
        OUTBOX_PUBLISHED.inc(count)
        self._set_pending(self._pending - count if left is None else left)
        return batches == TRANSACTION_MAX_BATCHES

    async def _delete_oldest(self, conn: Connection) -> list[asyncpg.Record]:
        """Delete the oldest rows and return them; none while another relay is at work.

        Oldest first, and never "id > last": sequences do not commit in order.
        """
        rows = await conn.fetch(
            """
            with relay as materialized (select pg_try_advisory_xact_lock($1) as mine)
            delete from outbox
            where ctid = any(array(select ctid from outbox where (select mine from relay) order by id limit $2))
            returning id, topic, key, value
            """,
            RELAY_LOCK,
            self._settings.outbox_batch_max_count,
        )
        return sorted(rows, key=itemgetter(0))

    async def _send(self, rows: list[asyncpg.Record]) -> dict[TopicPartition, int]:
        async with asyncio.timeout(self._settings.publish_seconds):
            return await send_records(self._producer, ((topic, key, value) for _, topic, key, value in rows))


def _count_retry(error: Exception, pause: float) -> None:
    OUTBOX_RETRIES.inc()
    log.warning("publishing waits %.1f s: %r", pause, error)


async def _nothing() -> list[asyncpg.Record]:
    return []
