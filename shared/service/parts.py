"""The parts of a service's process: connections, relay, consumer loop and HTTP server."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg
import mode
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from fastapi import FastAPI

from shared.access_keys import KeyRing
from shared.consumer import ConsumerLoop
from shared.failures import is_transient as is_transient_anywhere
from shared.http import Connected
from shared.http.app import Api, create_app
from shared.http.server import HttpServer
from shared.kafka import create_producer, is_transient, send_records
from shared.outbox import OutboxRelay, Watch
from shared.own_facts import Fence, TopicsTold
from shared.own_facts.readback import topics_of
from shared.own_facts.remembered import TAKEN_IN_AFTER_SECONDS
from shared.own_facts.store import is_anything_forgotten
from shared.postgres import TRANSIENT, begin, create_pool, missing_migrations
from shared.retries import Pauses, StoppedInRetriesError, until_it_passes
from shared.service.by_clock import ByClock
from shared.service.spec import Errand, ServiceSpec, Timer
from shared.settings import Role, ServiceSettings
from shared.transaction import Transaction, transaction
from shared.webhooks.deliverer import Deliverer
from shared.webhooks.noting import Noter

CLOSE_SECONDS = 3.0
#: While something that the process needs is not there yet, it is asked for at this interval.
DEPENDENCY_PAUSES = Pauses(0.2, 0.2)
READY_CHECK_SECONDS = 2.0
#: How long an errand goes on at most before it looks whether the service is fenced, or stops.
ERRAND_SECONDS = 5.0
#: Reads of personal data are stored so long after them: a process that is killed forgets those of this time.
STORE_READS_EVERY_SECONDS = 1.0
STORE_READS_MAX_COUNT = 1_000
#: How long a start waits for the fence; one that takes longer goes on behind it.
FENCED_START_SECONDS = 10.0
#: How often a process that cannot know what it forgot looks whether somebody has put that right.
BLOCKED_SECONDS = 5.0

T = TypeVar("T")

#: What PostgreSQL answers before the service's role, database and tables are made.
DATABASE_NOT_THERE_YET = (
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.UndefinedTableError,
    asyncpg.InsufficientPrivilegeError,
)

log = logging.getLogger(__name__)


class MigrationsMissingError(Exception):
    """The database has not had all migrations that the service's code needs; the message lists them."""


class Parts(mode.Service):
    """The parts of the process, started in the order of what they need and stopped in reverse.

    `pool`, `producer`, `relay`, `connected` and `http` are there once it has started.
    """

    pool: asyncpg.Pool
    producer: AIOKafkaProducer
    relay: OutboxRelay
    told: TopicsTold
    connected: Connected
    http: HttpServer

    def __init__(self, spec: ServiceSpec, settings: ServiceSettings, role: Role) -> None:
        super().__init__()
        self._spec = spec
        self._settings = settings
        self.role = role
        self.fence = Fence(spec.name, settings, steps=spec.read_back, subscriptions=spec.subscriptions)
        self._consumer_loop: ConsumerLoop | None = None
        self._deliverer: Deliverer | None = None
        self.noter = Noter(self._wake_deliverer)
        names = ", ".join(topic.name for topic in spec.whole)
        self._why_not_whole = f"it still reads {names}, as after a restore" if names else None
        self._has_authority = False
        self._to_close = contextlib.AsyncExitStack()

    async def on_start(self) -> None:
        """Connect, waiting for broker and database as long as it takes, then serve and consume."""
        self.pool = await until_it_passes(
            self._connected_pool,
            is_transient=lambda error: isinstance(
                error, (*TRANSIENT, *DATABASE_NOT_THERE_YET, MigrationsMissingError)
            ),
            pauses=DEPENDENCY_PAUSES,
            on_failure=lambda error, _: log.info("waiting for PostgreSQL: %r", error),
        )
        self._to_close.push_async_callback(self._close_pool)
        self.producer = await until_it_passes(
            self._connected_producer,
            is_transient=lambda error: isinstance(error, KafkaError),
            pauses=DEPENDENCY_PAUSES,
            on_failure=lambda error, _: log.info("waiting for Kafka: %r", error),
        )
        self._to_close.push_async_callback(self._close_producer)
        for close in self._spec.closing:
            self._to_close.push_async_callback(close)
        await self._until_it_passes(lambda: self.fence.compare(self.pool), "its own topics")
        is_fenced = self.fence.why is not None
        self._to_close.push_async_callback(self.fence.stop_asking)
        self.relay = OutboxRelay(
            self.pool,
            self.producer,
            self._settings,
            seen=self.fence.seen,
            watch=Watch(self.fence.topics, self.fence.ends, self._close_fence),
            held=is_fenced,
            noting=self.noter,
        )
        self.told = TopicsTold(self._settings, self.relay.look)
        await self.add_runtime_dependency(self.relay)
        await self._have_delivered()
        if not is_fenced:
            await self._consume()
        await self._serve()
        if is_fenced:
            lifting = self.add_future(self._lift_fence())
            # What the process before told last is taken in within a moment, and nobody need notice.
            await asyncio.wait({lifting}, timeout=FENCED_START_SECONDS)

    async def _have_delivered(self) -> None:
        if self.role != "api":
            self._deliverer = Deliverer(self._spec.name, self.pool, self._settings, self.begin)
            await self.add_runtime_dependency(self._deliverer)

    def _wake_deliverer(self) -> None:
        if self._deliverer is not None:
            self._deliverer.wake()

    async def _consume(self) -> None:
        if self.role != "api":
            self._consumer_loop = ConsumerLoop(
                self._spec.name,
                self._spec.subscriptions,
                self.pool,
                self.relay,
                self._settings,
                self._spec.lanes and self._spec.lanes(),
            )
            await self.add_runtime_dependency(self._consumer_loop)

    async def _serve(self) -> None:
        ring = KeyRing(self.pool, self._settings)
        self._to_close.push_async_callback(ring.close)
        self.connected = Connected(
            settings=self._settings,
            pool=self.pool,
            keys=ring,
            begin=self.begin,
            send=self._send,
            not_ready=self._not_ready,
            why_fenced=self.fence.why_at_last,
            own_facts=lambda community: self.fence.report(self.pool, community),
            told=self.told,
            why_not_whole=lambda: self._why_not_whole,
            why_fenced_now=lambda: self.fence.why,
        )
        app = describe(self._spec, self._settings, self.role)
        app.state.connected = self.connected
        self.http = HttpServer(app, self._settings)
        await self.add_runtime_dependency(self.http)
        self.add_future(self._store_reads())
        self.add_future(self._until_authority_is_read())
        if self._why_not_whole is not None:
            self.add_future(self._until_whole())

    async def _until_authority_is_read(self) -> None:
        """Wait until it knows who was shut out since its database was as it is, which may be yesterday's."""
        with contextlib.suppress(StoppedInRetriesError):
            await self._until_it_passes(lambda: self.fence.until_authority_is_read(self.pool), "keys and people")
            self._has_authority = True

    async def _until_whole(self) -> None:
        """Wait until what the service must answer in full is read as far as it went at this start."""
        topics = [topic.name for topic in self._spec.whole]
        with contextlib.suppress(StoppedInRetriesError):
            await self._until_it_passes(lambda: self.fence.until_read(self.pool, topics), "whole topics")
            self._why_not_whole = None

    def _close_fence(self, why: str) -> None:
        """Close the fence while the process runs, and read back what somebody else wrote to its topics."""
        if self.fence.close(why):
            self.relay.hold()
            self.add_future(self._lift_fence(TAKEN_IN_AFTER_SECONDS))

    async def _lift_fence(self, pause: float = 0.0) -> None:
        """Read back what the database has forgotten; until then nothing is published, and no command is taken."""
        with contextlib.suppress(StoppedInRetriesError):
            # 1. What lies beyond is kept in the database; what cannot be known waits for somebody to put it right.
            while not await self._until_it_passes(self._copy_forgotten, "its own topics"):
                await self.sleep(BLOCKED_SECONDS)
                if self.should_stop:
                    return
            # 2. Nothing that is in a topic already waits to be published any more.
            self.relay.release()
            # 3. Whoever consumes takes it in, once all that run have heard of it; others wait for that.
            is_own = pause > 0 and not await self._until_it_passes(self._is_anything_forgotten, "PostgreSQL")
            if not is_own:
                await self.sleep(pause)
            know = self._know_nothing_else if is_own else self._know_all
            await self._until_it_passes(know, "what the database had forgotten")

    async def _know_nothing_else(self) -> None:
        await self.fence.until_known(self.pool)

    async def _copy_forgotten(self) -> bool:
        return await self.fence.copy(self.pool, in_doubt=self.relay.in_doubt)

    async def _is_anything_forgotten(self) -> bool:
        async with begin(self.pool) as conn:
            return await is_anything_forgotten(conn)

    async def _know_all(self) -> None:
        if self.role == "api":
            await self.fence.until_known(self.pool)
        else:
            await self.fence.read_back(self.pool, self.begin, read_inputs=self._consume_once)

    async def _consume_once(self) -> None:
        if self._consumer_loop is None:
            await self._consume()

    async def _until_it_passes(self, action: Callable[[], Awaitable[T]], what: str) -> T:
        return await until_it_passes(
            action,
            is_transient=is_transient_anywhere,
            pauses=DEPENDENCY_PAUSES,
            on_failure=lambda error, _: log.info("waiting for %s: %r", what, error),
            should_stop=lambda: self.should_stop,
        )

    async def on_shutdown(self) -> None:
        """Store what was read last; close the connections, after every part that used them has stopped."""
        if hasattr(self, "connected"):  # else it never came so far
            await self.store_reads()
        await self._to_close.aclose()

    async def _close_producer(self) -> None:
        # What the broker does not take now was not acknowledged to anybody, or waits in the outbox.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.producer.stop()

    async def _close_pool(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.pool.close()
        except TimeoutError:
            self.pool.terminate()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction[Any]]:
        """A transaction for a command or a timer."""
        async with transaction(
            self.pool,
            service=self._spec.name,
            settings=self._settings,
            on_commit=self.relay.wake,
            told=self.told,
        ) as tx:
            yield tx

    async def _store_reads(self) -> None:
        while not self.should_stop:
            await self.sleep(STORE_READS_EVERY_SECONDS)
            await self.store_reads()

    async def store_reads(self) -> None:
        """Store whose personal data were read until now; what cannot be stored now waits for the next time."""
        reads = self.connected.reads
        try:
            while waiting := reads.waiting(STORE_READS_MAX_COUNT):
                async with self.begin() as tx:
                    await tx.store_reads(waiting)
                reads.stored(waiting)
        except (*TRANSIENT, asyncpg.InterfaceError) as error:
            log.warning("reads of personal data wait to be stored: %r", error)

    async def _send(self, records: Sequence[tuple[str, bytes, bytes]]) -> None:
        """Send records for a route, within `publish_seconds`; what does not pass by itself ends the process."""
        try:
            async with asyncio.timeout(self._settings.publish_seconds):
                await send_records(self.producer, records)
        except KafkaError as error:
            if not is_transient(error):
                await self.crash(error)  # nothing gets through this producer any more
            raise

    async def _not_ready(self) -> list[str]:
        missing = []
        try:
            async with asyncio.timeout(READY_CHECK_SECONDS):
                await self.pool.fetchval("select 1")
        except TRANSIENT:
            missing.append("PostgreSQL does not answer")
        if self.fence.why is not None:
            missing.append(f"fenced: {self.fence.why}")
        if not self._has_authority:
            missing.append("it still reads of keys and people, who may have been shut out")
        if self._consumer_loop is not None and not self._consumer_loop.assigned.is_set():
            missing.append("no partitions assigned yet")
        stalled = 0.0 if self._consumer_loop is None else self._consumer_loop.stalled_seconds()
        if stalled > self._settings.stalled_seconds:
            missing.append(f"it hangs: records wait, and no batch was finished for {stalled:.0f} s")
        return missing

    async def run_timer(self, timer: Timer) -> None:
        """Run a timer until nothing is left; a transient failure waits for the next turn, a fence for its end.

        What has more to do leaves the database to others for as long as it had it.
        """
        until = time.monotonic() + timer.every_seconds / 2
        try:
            has_more: bool | None = True
            with ByClock(self._spec.name, f"timer {timer.name}") as work:
                while has_more and self.fence.why is None and not self.should_stop:
                    async with work.transaction(self.begin) as tx:
                        has_more = await timer.run(tx)
                    has_more = has_more and time.monotonic() < until
        except TRANSIENT as error:
            log.warning("timer %s waits for its next turn: %r", timer.name, error)
        except asyncpg.InterfaceError:
            # The pool is closed while a host that does not end lets its timers live on.
            if not self.should_stop:
                raise

    async def run_errand(self, errand: Errand) -> None:
        """Run an errand; a transient failure waits for the next turn, a fence for its end."""
        if self.fence.why is not None:
            return
        try:
            with ByClock(self._spec.name, f"errand {errand.name}") as work:
                until = time.monotonic() + max(errand.every_seconds, ERRAND_SECONDS)
                await errand.run(work.within(self.begin), until)
        except TRANSIENT as error:
            log.warning("errand %s waits for its next turn: %r", errand.name, error)

    async def _connected_pool(self) -> asyncpg.Pool:
        pool = await create_pool(self._spec.name, self._settings, on_connect=self.fence.seen.check)
        try:
            missing = await missing_migrations(pool, self._spec.name)
            if missing:
                raise MigrationsMissingError(", ".join(missing))
        except BaseException:
            await pool.close()
            raise
        return pool

    async def _connected_producer(self) -> AIOKafkaProducer:
        producer = create_producer(self._settings.broker, request_seconds=self._settings.publish_seconds)
        try:
            await producer.start()
            present = await producer.client.fetch_all_metadata()
            for subscription in self._spec.subscriptions:
                if not present.partitions_for_topic(subscription.topic.name):
                    raise KafkaError(f"topic {subscription.topic.name} is not there yet, or may not be read")
            for name in topics_of(self._spec.read_back):
                if not present.partitions_for_topic(name):
                    raise KafkaError(f"topic {name} is not there yet, or may not be read")
        except BaseException:
            await producer.stop()
            raise
        return producer


def describe(spec: ServiceSpec, settings: ServiceSettings, role: Role = "all") -> FastAPI:
    """The service's HTTP application, not yet connected to anything; a worker serves only health and metrics."""
    api = Api(
        service=spec.name,
        description=spec.description,
        routers=spec.routers if role != "worker" else (),
        problems=spec.problems,
        find_owner=spec.find_owner,
        operations=spec.operations,
        schemas=spec.schemas,
    )
    return create_app(api, settings)
