"""The relay: publishes what transactions left in the outbox, and deletes what the broker acknowledged.

One relay of a service works at a time (an advisory lock), so that one member's messages keep the order
they were committed in. A message can be published twice, when the process dies between the two steps;
facts carry ids of their own, so it has no effect the second time.
"""

import asyncio
import contextlib
import logging

import asyncpg
import mode
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.kafka import passes, send_records
from shared.postgres import TRANSIENT, begin
from shared.settings import ServiceSettings
from shared.telemetry import OUTBOX_PENDING, OUTBOX_PUBLISHED, OUTBOX_RETRIES

RELAY_LOCK = 0x6F757462  # "outb"
IDLE_POLL_SECONDS = 1.0

log = logging.getLogger(__name__)


class OutboxRelay(mode.Service):
    """Publishes outbox rows in order; woken after every commit, and looks by itself once a second."""

    def __init__(self, pool: asyncpg.Pool, producer: AIOKafkaProducer, settings: ServiceSettings) -> None:
        super().__init__()
        self._pool = pool
        self._producer = producer
        self._settings = settings
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._pending = 0
        self._relaying: asyncio.Task[None] | None = None

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
        newest = await self._pool.fetchval("select max(id) from outbox")
        while newest is not None and await self._pool.fetchval(
            "select exists (select from outbox where id <= $1)", newest
        ):
            self._work.set()
            await asyncio.sleep(0.01)

    async def on_start(self) -> None:
        """Count what an earlier process left behind, and begin."""
        self._set_pending(await self._pool.fetchval("select count(*) from outbox"))
        self._relaying = self.add_future(self._relay())  # a crash here crashes the service

    async def on_stop(self) -> None:
        """Publish what is there, for a moment; what remains is published by the next process."""
        with contextlib.suppress(TimeoutError, KafkaError, *TRANSIENT):
            async with asyncio.timeout(self._settings.stop_seconds):
                while await self._publish_batch():
                    pass

    def _set_pending(self, count: int) -> None:
        self._pending = max(0, count)
        OUTBOX_PENDING.set(self._pending)
        if self._pending < self._settings.outbox_max_count:
            self._room.set()
        else:
            self._room.clear()

    async def _relay(self) -> None:
        pause = self._settings.retry_min_seconds
        while not self.should_stop:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), IDLE_POLL_SECONDS)
            self._work.clear()
            try:
                while await self._publish_batch():
                    pass
                pause = self._settings.retry_min_seconds
            except (KafkaError, *TRANSIENT) as error:
                if isinstance(error, KafkaError) and not passes(error):
                    raise
                OUTBOX_RETRIES.inc()
                log.warning("publishing waits %.1f s: %r", pause, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._settings.retry_max_seconds)
                self._work.set()

    async def _publish_batch(self) -> bool:
        """Publish one batch; True when there may be more."""
        limit = self._settings.outbox_batch_max_count
        async with begin(self._pool) as conn:
            # 1. Only one relay at a time, held until this transaction ends.
            if not await conn.fetchval("select pg_try_advisory_xact_lock($1)", RELAY_LOCK):
                self._set_pending(await conn.fetchval("select count(*) from outbox"))
                return False
            # 2. Oldest first. Never "id > last": sequences do not commit in order.
            rows = await conn.fetch("select id, topic, key, value from outbox order by id limit $1", limit)
            if not rows:
                self._set_pending(0)
                return False
            # 3. Everything must be acknowledged by all in-sync replicas ...
            async with asyncio.timeout(self._settings.publish_seconds):
                await send_records(self._producer, ((row["topic"], row["key"], row["value"]) for row in rows))
            # 4. ... before it is deleted.
            await conn.execute("delete from outbox where id = any($1::bigint[])", [row["id"] for row in rows])
        OUTBOX_PUBLISHED.inc(len(rows))
        self._set_pending(self._pending - len(rows))
        return len(rows) == limit
