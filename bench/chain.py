"""The handlers of all five services, one after the other in this process, on a real database each.

What one service publishes is what the next one gets, so the facts are the real ones. No broker and no
loop: this shows what the handlers and their SQL cost, service by service.
"""

import gc
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import asyncpg
import orjson
import psutil

from bench.statements import noted
from plaudit.stack import StackState
from plaudit.stack.services import connections
from services.ingest.events.domain import admission
from services.scoring.programmes.domain.publication import Author, Submission
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.programmes.handlers.publishing import publish_programme
from shared.consumer import Preparation, Subscription
from shared.contracts.programme import Programme
from shared.postgres import create_pool
from shared.service import ServiceSpec
from shared.services import SERVICES
from shared.settings import ServiceSettings
from shared.transaction import Transaction, transaction

BATCH_COUNT = 2_000


@dataclass
class Cost:
    """What batches of a service cost: seconds of the wall clock, of this process's CPU and of PostgreSQL's.

    And how many statements they sent.
    """

    wall_seconds: float = 0.0
    python_seconds: float = 0.0
    postgres_seconds: float = 0.0
    statements_count: int = 0

    @property
    def cpu_seconds(self) -> float:
        """CPU on both sides."""
        return self.python_seconds + self.postgres_seconds


@dataclass
class Link:
    """A service's handlers with a connection of their own; messages whose keys are like `keys` are taken on."""

    spec: ServiceSpec
    settings: ServiceSettings
    pool: asyncpg.Pool
    backend: psutil.Process
    cost: Cost = field(default_factory=Cost)
    keys: bytes = b"%"

    def subscription(self, topic: str) -> Subscription:
        """The service's subscription to a topic."""
        return next(one for one in self.spec.subscriptions if one.topic.name == topic)

    def begin(self) -> AbstractAsyncContextManager[Transaction[Any]]:
        """A transaction as the service's process begins one."""
        return transaction(self.pool, service=self.spec.name, settings=self.settings, on_commit=lambda _: None)

    async def handle(self, topic: str, batch: Sequence[bytes]) -> list[tuple[str, bytes, bytes]]:
        """Decode and handle the messages of a batch in one transaction; return what it published."""
        subscription = self.subscription(topic)
        wall, python, postgres = time.perf_counter(), time.process_time(), self._backend_seconds()
        messages = [subscription.adapter.validate_json(value) for value in batch]
        gc.disable()  # as the loop does
        with noted() as statements:
            if subscription.prepare is not None:
                await subscription.prepare(Preparation(self.pool.acquire, self.settings), messages)
            async with self.begin() as tx:
                await subscription.handler(tx, messages)
        gc.enable()
        self.cost.statements_count += len(statements)
        self.cost.wall_seconds += time.perf_counter() - wall
        self.cost.python_seconds += time.process_time() - python
        self.cost.postgres_seconds += self._backend_seconds() - postgres
        rows = await self.pool.fetch(
            "delete from outbox where key like $1 returning id, topic, key, value", self.keys
        )
        return [(row["topic"], row["key"], row["value"]) for row in sorted(rows, key=lambda row: row["id"])]

    def cpu_seconds(self) -> float:
        """CPU that this process and the connection's backend have used so far, in seconds."""
        return time.process_time() + self._backend_seconds()

    def _backend_seconds(self) -> float:
        times = self.backend.cpu_times()
        return float(times.user + times.system)


class Chain:
    """All five services."""

    def __init__(self, links: dict[str, Link]) -> None:
        self.links = links

    async def feed(
        self, community: str, given: Sequence[dict[str, Any]], *, batch_count: int = BATCH_COUNT
    ) -> None:
        """Give events to ingest and what follows to everybody else, in batches."""
        for start in range(0, len(given), batch_count):
            values = list(raw_values(community, given[start : start + batch_count]))
            pending = {"engagement.raw.v1": values}
            while pending:
                published: dict[str, list[bytes]] = {}
                for topic, batch in pending.items():
                    for link in self.links.values():
                        if any(one.topic.name == topic for one in link.spec.subscriptions):
                            for name, _key, value in await link.handle(topic, batch):
                                published.setdefault(name, []).append(value)
                pending = published

    def reset_costs(self) -> None:
        """Forget what was spent so far."""
        for link in self.links.values():
            link.cost = Cost()


def raw_values(community: str, given: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    """Events as ingest's API writes them to engagement.raw.v1."""
    request = admission.Request(
        community,
        receipt_id=f"r{uuid.uuid4().hex[:28]}-{len(given)}",
        received_at=datetime.now(UTC),
        traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01",
    )
    for index, event in enumerate(given):
        yield orjson.dumps(admission.raw_fact(request, index, event))


async def publish(chain: Chain, community: str, programme: str) -> None:
    """Publish a programme, given as YAML, to every service."""
    link = chain.links["scoring"]
    document = read_programme(programme)
    assert isinstance(document, Programme)
    async with link.begin() as tx:
        await publish_programme(
            tx, community=community, submission=Submission(document, programme, Author(None, "benchmark", None))
        )
    rows = await link.pool.fetch("delete from outbox where key like $1 returning topic, value", link.keys)
    for other in chain.links.values():
        for row in rows:
            if any(one.topic.name == row["topic"] for one in other.spec.subscriptions):
                await other.handle(row["topic"], [row["value"]])


@asynccontextmanager
async def connected(state: StackState, services: Sequence[str] = SERVICES) -> Any:
    """The chain on a stack's databases; none of its services may run."""
    links = {}
    try:
        for name in services:
            spec: ServiceSpec = import_module(f"services.{name}.main").SPEC
            # A programme applies at once: nothing is being scored while one is published.
            at_once: dict[str, Any] = {"programme_lead_seconds": 0} if name == "scoring" else {}
            settings = spec.settings(
                **connections(state, name),
                pool_max_count=2,
                **at_once,
            )
            pool = await create_pool(name, settings)
            async with pool.acquire() as connection:
                backend = psutil.Process(connection.get_server_pid())
            links[name] = Link(spec, settings, pool, backend)
        yield Chain(links)
    finally:
        for link in links.values():
            await link.pool.close()
