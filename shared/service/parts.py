"""The parts of a service's process: connections, relay, consumer loop and HTTP server."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import mode
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from fastapi import FastAPI

from shared.access_keys import KeyRing
from shared.consumer import ConsumerLoop
from shared.http.app import create_app
from shared.http.server import HttpServer
from shared.kafka import create_producer
from shared.outbox import OutboxRelay
from shared.postgres import TRANSIENT, create_pool, missing_migrations
from shared.service.spec import ServiceSpec, Timer
from shared.settings import Role, ServiceSettings
from shared.transaction import Transaction, transaction

CLOSE_SECONDS = 3.0
DEPENDENCY_PAUSE_SECONDS = 0.2
READY_CHECK_SECONDS = 2.0
#: What PostgreSQL answers before the service's role, database and tables are made.
DATABASE_NOT_THERE_YET = (
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.UndefinedTableError,
    asyncpg.InsufficientPrivilegeError,
)


log = logging.getLogger(__name__)


class Parts(mode.Service):
    """The parts of the process, started in the order of what they need and stopped in reverse."""

    def __init__(self, spec: ServiceSpec, settings: ServiceSettings, role: Role) -> None:
        super().__init__()
        self._spec = spec
        self._settings = settings
        self.role = role
        self.pool: asyncpg.Pool | None = None
        self.producer: AIOKafkaProducer | None = None
        self.relay: OutboxRelay | None = None
        self.http: HttpServer | None = None
        self._consumer_loop: ConsumerLoop | None = None

    async def on_start(self) -> None:
        """Connect, waiting for broker and database as long as it takes, then serve and consume."""
        self.pool = await self._connected_pool()
        self.producer = await self._connected_producer()
        self.relay = OutboxRelay(self.pool, self.producer, self._settings)
        await self.add_runtime_dependency(self.relay)
        if self.role != "api":
            self._consumer_loop = ConsumerLoop(
                self._spec.name, self._spec.all_subscriptions, self.pool, self.relay, self._settings
            )
            await self.add_runtime_dependency(self._consumer_loop)
        app = describe(self._spec, self._settings, self.role)
        app.state.pool = self.pool
        app.state.begin = self.begin
        app.state.not_ready = self.not_ready
        app.state.keys = KeyRing(self.pool, self._settings)
        app.state.producer = self.producer
        app.state.crash = self.crash
        self.http = HttpServer(app, self._settings)
        await self.add_runtime_dependency(self.http)

    async def on_shutdown(self) -> None:
        """Close the connections, after every part that used them has stopped."""
        # What the broker does not take now was not acknowledged to anybody, or waits in the outbox.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                if self.producer is not None:
                    await self.producer.stop()
        if self.pool is not None:
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.pool.close()
            except TimeoutError:
                self.pool.terminate()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """A transaction for a command or a timer."""
        assert self.pool is not None and self.relay is not None  # noqa: S101, PT018 -- on_start made them
        async with transaction(self.pool, self.relay.wake) as tx:
            yield tx

    async def not_ready(self) -> list[str]:
        """What keeps the service from its work now, in words; empty when nothing does."""
        assert self.pool is not None  # noqa: S101
        missing = []
        try:
            async with asyncio.timeout(READY_CHECK_SECONDS):
                await self.pool.fetchval("select 1")
        except TRANSIENT:
            missing.append("PostgreSQL does not answer")
        if self._consumer_loop is not None and not self._consumer_loop.assigned.is_set():
            missing.append("no partitions assigned yet")
        return missing

    async def run_timer(self, timer: Timer) -> None:
        """Run a timer once; a transient failure waits for the next time."""
        try:
            async with self.begin() as tx:
                await timer.run(tx)
        except TRANSIENT as error:
            log.warning("timer %s waits for its next turn: %r", timer.name, error)

    async def _connected_pool(self) -> asyncpg.Pool:
        while True:
            try:
                pool = await create_pool(self._spec.name, self._settings)
            except (*TRANSIENT, *DATABASE_NOT_THERE_YET) as error:
                log.info("waiting for PostgreSQL: %r", error)
            else:
                try:
                    missing = await missing_migrations(pool, self._spec.name)
                except (*TRANSIENT, *DATABASE_NOT_THERE_YET) as error:
                    missing = [repr(error)]
                if not missing:
                    return pool
                log.info("waiting for the migrations: %s", ", ".join(missing))
                await pool.close()
            await asyncio.sleep(DEPENDENCY_PAUSE_SECONDS)

    async def _connected_producer(self) -> AIOKafkaProducer:
        while True:
            producer = create_producer(self._settings.kafka, request_seconds=self._settings.publish_seconds)
            try:
                await producer.start()
                present = await producer.client.fetch_all_metadata()
                for subscription in self._spec.all_subscriptions:
                    if not present.partitions_for_topic(subscription.topic.name):
                        raise KafkaError(f"topic {subscription.topic.name} is not there yet")
                return producer
            except KafkaError as error:
                log.info("waiting for Kafka: %r", error)
                await producer.stop()
            await asyncio.sleep(DEPENDENCY_PAUSE_SECONDS)


def describe(spec: ServiceSpec, settings: ServiceSettings, role: Role = "all") -> FastAPI:
    """The service's HTTP application, not yet connected to anything; a worker serves only health and metrics."""
    router = spec.router if role != "worker" else None
    return create_app(spec.name, spec.description, router, settings, spec.operations, spec.schemas)
