"""A service's process: a Faust app that hosts the HTTP server, the consumer loop, the relay and the timers.

Faust starts and stops the parts in order, elects a leader for the timers, and takes the signals. No fact
and no money rests on a Faust table or a Faust acknowledgement.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import asyncpg
import faust
import mode
import uvloop
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from fastapi import APIRouter, FastAPI
from faust.worker import Worker

from shared.consumer import ConsumerLoop, Subscription
from shared.contracts.facts import ACCESS_KEY_CHANGED
from shared.http.app import create_app
from shared.http.keys import KeyRing, on_access_keys
from shared.http.server import HttpServer
from shared.kafka import create_producer
from shared.outbox import OutboxRelay
from shared.postgres import TRANSIENT, create_pool, missing_migrations
from shared.settings import Role, ServiceSettings
from shared.telemetry import configure_logging
from shared.topics import ACCESS_KEYS
from shared.transaction import Transaction, transaction

CLOSE_SECONDS = 3.0
DEPENDENCY_PAUSE_SECONDS = 0.2
GC_THRESHOLD_COUNT = 50_000
READY_CHECK_SECONDS = 2.0

#: What PostgreSQL answers before the service's role, database and tables are made.
DATABASE_NOT_THERE_YET = (
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.UndefinedTableError,
    asyncpg.InsufficientPrivilegeError,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timer:
    """Work at intervals, on one worker of the service at a time, in a transaction."""

    name: str
    every_seconds: float
    run: Callable[[Transaction], Awaitable[None]]


@dataclass(frozen=True)
class ServiceSpec:
    """What makes a service: its name, settings, what it reads, its routes and its timers."""

    name: str
    description: str
    settings: type[ServiceSettings]
    subscriptions: Sequence[Subscription]
    router: APIRouter
    timers: Sequence[Timer] = ()
    #: OpenAPI of routes that are not FastAPI's: operations by path and method, and the schemas they name.
    operations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    schemas: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all_subscriptions(self) -> list[Subscription]:
        """The service's own, and the access keys that every service but their owner follows."""
        access_keys = Subscription(ACCESS_KEYS, ACCESS_KEY_CHANGED.adapter, on_access_keys)
        followed = () if self.name == "ingest" else (access_keys,)
        return [*followed, *self.subscriptions]


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


def run(spec: ServiceSpec, arguments: Sequence[str] | None = None) -> None:
    """The service's command: start the process and stay until SIGTERM or SIGINT, or a bug."""
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{spec.name}.main",
        description=spec.description,
        epilog=f"Example: PLAUDIT_KAFKA=127.0.0.1:9092 python -m services.{spec.name}.main --role api",
    )
    parser.add_argument(
        "--role",
        choices=("all", "api", "worker"),
        default="all",
        help="api: only the HTTP API; worker: only loops, relay and timers; all: both (default)",
    )
    role: Role = parser.parse_args(arguments).role
    settings = spec.settings()
    configure_logging(spec.name, settings.log_level)
    event_loop = uvloop.new_event_loop()
    asyncio.set_event_loop(event_loop)
    event_loop.run_until_complete(wait_for_broker(settings.kafka))
    parts = Parts(spec, settings, role)
    host = create_host(spec, settings, parts)
    # The parts are the worker's, not the app's: the app starts its own only once its group has settled, which
    # after a kill -9 takes as long as the dead process's session.
    worker = Worker(host, parts, loop=event_loop, quiet=True, override_logging=False, redirect_stdouts=False)
    worker.spinner = None  # a terminal's animation has no place in a log
    # What is loaded stays; a batch's thousands of young dicts must not make the collector walk it all again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD_COUNT)
    status = 1
    try:
        worker.execute_from_commandline()
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        log.critical("the process ends", exc_info=True)
    finally:
        # After a crash Faust's consumer thread would keep the process alive, doing nothing.
        logging.shutdown()
        os._exit(status)


async def wait_for_broker(bootstrap: str) -> None:
    """Return once Kafka answers: the host gives up at once when it does not."""
    while True:
        client = AIOKafkaClient(bootstrap_servers=bootstrap)
        try:
            await client.bootstrap()
        except KafkaError as error:
            log.info("waiting for Kafka: %r", error)
        else:
            return
        finally:
            await client.close()
        await asyncio.sleep(DEPENDENCY_PAUSE_SECONDS)


def create_host(spec: ServiceSpec, settings: ServiceSettings, parts: Parts) -> faust.App:
    """The Faust app of a service: lifecycle, signals, and the timers that one leader of the service runs."""
    app: Any = faust.App(
        f"plaudit-{spec.name}-host",
        broker=[f"kafka://{server}" for server in settings.kafka.split(",")],
        broker_session_timeout=settings.session_seconds,
        broker_heartbeat_interval=settings.session_seconds / 4,
        web_enabled=False,
        topic_replication_factor=1,
        datadir=tempfile.gettempdir(),
        autodiscover=False,
    )
    for timer in spec.timers if parts.role != "api" else ():
        app.timer(interval=timer.every_seconds, on_leader=True, name=timer.name)(partial(parts.run_timer, timer))
    return app
