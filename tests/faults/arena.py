"""The real stack with proxies on every wire, and one run of a fault from its load to its reconciliation."""

import asyncio
import contextlib
import os
import shutil
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import asyncpg
import httpx
import pytest
from aiokafka.errors import KafkaError
from plaudit_client import AsyncPlaudit

from plaudit.access import issue_key
from plaudit.stack import StackState, kafka, start
from plaudit.stack.idle import wait_until_idle
from shared.services import SERVICES
from tests.conftest import SESSION_SECONDS, throw_away
from tests.faults import load as loads
from tests.faults import reconcile
from tests.faults.load import Expected, Load, expect
from tests.faults.report import REPORT, Row
from tests.faults.wires import KafkaProxy, PostgresProxy, Proxy, Trap
from tests.faults.workers import Workers
from tests.scopes import TOGETHER

PROGRAMMES = Path(__file__).parents[2] / "programmes"
FULL = os.environ.get("PLAUDIT_FAULTS", "quick") == "full"
SEED = int(os.environ.get("PLAUDIT_FAULT_SEED") or SystemRandom().randrange(1_000_000))

#: A directory to which the processes' logs are copied at the end.
KEPT_LOGS = os.environ.get("PLAUDIT_FAULT_LOGS")

EVENTS_COUNT = 4_000 if FULL else 1_200
EVENTS_PER_REQUEST = 40
REQUESTS_AT_ONCE = 4
#: So that the load lasts longer than the fault.
PAUSE_SECONDS = 0.1
SETTLE_SECONDS = 180.0
SPRING_SECONDS = 30.0
PROBE_SECONDS = 60.0
POLL_SECONDS = 0.02
#: Each look is a connection of its own, and the services that recover need the same cores.
PROBE_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Pace:
    """How a load is sent: so many events in a request, and each sender pauses in between."""

    events_per_request: int = EVENTS_PER_REQUEST
    pause_seconds: float = PAUSE_SECONDS


@dataclass
class Arena:
    """Kafka and PostgreSQL of a stack, the services' processes, and the proxies between them."""

    state: StackState
    postgres: PostgresProxy
    kafka: KafkaProxy
    door: Proxy
    workers: Workers
    turns: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def run(
        self,
        name: str,
        *,
        count: int = EVENTS_COUNT,
        change: Callable[[Load], None] | None = None,
        pace: Pace = Pace(),
    ) -> AsyncIterator["Run"]:
        """One run: a community, its load, and at the end the reconciliation and a row of the report.

        `change` may add to the load before it is sent. The body injects the fault while the load comes in.
        """
        await self.workers.ready()
        community = f"fault-{uuid.uuid4().hex[:10]}"
        self.turns[name] += 1
        rng = Random(f"{SEED} {name} {self.turns[name]}")
        load = loads.build(community, rng, count)
        if change is not None:
            change(load)
        key = await self.community(community)
        run = Run(self, name, rng, load, key, reconcile.Databases(self.state, community), pace)
        run.dead_letters = await reconcile.dead_letters(self.state)
        sending = asyncio.create_task(run.send())
        try:
            yield run
            await sending
            await run.finish()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            for proxy in (self.postgres, self.kafka, self.door):
                proxy.disarm()

    async def community(self, community: str, programme: str = "messages.yaml") -> str:
        """Make a community with a programme that every service knows; its access key."""
        issued = await asyncio.to_thread(issue_key, self.state, community, "faults", TOGETHER)
        await self.publish(issued["key"], (PROGRAMMES / programme).read_text())
        await self.settled()
        return str(issued["key"])

    async def publish(self, key: str, programme: str) -> dict[str, Any]:
        """Publish a programme."""
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            answer = await http.post(
                f"{self.state.service_urls['scoring']}/v1/programmes",
                params={"note": "As the fault asks for"},
                content=programme.encode(),
                headers={"Authorization": f"Bearer {key}", "Content-Type": "application/yaml"},
            )
            answer.raise_for_status()
            document: dict[str, Any] = answer.json()
            return document

    async def settled(self) -> None:
        """Return once nothing is under way, however often the broker or the database is away meanwhile."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            try:
                return await wait_until_idle(self.state, max(1.0, deadline - time.monotonic()))
            except (KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(POLL_SECONDS)

    async def admin(self, service: str) -> asyncpg.Connection:
        """A superuser's connection to a service's database, past the proxy; the caller closes it."""
        url = reconcile.database_url(self.state.postgres_admin_url, reconcile.role_name(service))
        return await asyncpg.connect(url)

    @contextlib.contextmanager
    def slow(self, round_trip_seconds: float) -> Iterator[None]:
        """Within this, every round trip to Kafka and PostgreSQL takes longer."""
        for proxy in (self.postgres, self.kafka):
            proxy.delay_seconds = round_trip_seconds / 2
        try:
            yield
        finally:
            for proxy in (self.postgres, self.kafka):
                proxy.delay_seconds = 0.0


@dataclass
class Run:
    """One run of one fault."""

    arena: Arena
    name: str
    rng: Random
    load: Load
    key: str
    databases: reconcile.Databases
    pace: Pace
    #: How long its senders waited because the share of the community was used up, once all is sent.
    throttled_seconds: float | None = None
    receipts: dict[str, int] = field(default_factory=dict)
    dead_letters: dict[str, int] = field(default_factory=dict)
    expected_dead_letters: dict[str, int] = field(default_factory=dict)
    #: Changes what must be true where the fault changes it.
    adjust: Callable[[Expected], None] = lambda expected: None
    #: Works out what must be true; by default from the load alone.
    expectation: Callable[[], Awaitable[Expected]] | None = None
    in_flight: int = 0
    probes: list[asyncio.Task[float]] = field(default_factory=list)
    share: float = 0.0
    _sent: int = 0

    async def send(self) -> None:
        """Send the load, a few requests at a time, until all of it is taken."""
        requests = self.load.requests(self.pace.events_per_request)
        queue: asyncio.Queue[list[bytes]] = asyncio.Queue()
        for request in requests:
            queue.put_nowait(request)

        async def one_sender(client: AsyncPlaudit) -> None:
            while not queue.empty():
                for receipt in await client.send_batch(queue.get_nowait()):
                    assert not receipt.rejected, receipt.rejected
                    self.receipts[receipt.receipt_id] = receipt.accepted
                    self._sent += receipt.accepted
                self.share = 1 - queue.qsize() / len(requests)
                await asyncio.sleep(self.pace.pause_seconds)

        url = f"http://127.0.0.1:{self.arena.door.port}"
        async with AsyncPlaudit(url, self.key, requests_in_flight=REQUESTS_AT_ONCE) as client:
            client._reached = True  # it was reached before: a door that is shut now opens again
            await asyncio.gather(*(one_sender(client) for _ in range(REQUESTS_AT_ONCE)))
            self.throttled_seconds = client.throttled_seconds

    async def moment(self, earliest: float = 0.1, latest: float = 0.6) -> None:
        """Return at a random share of the load, the same for the same seed; then the fault is due."""
        share = self.rng.uniform(earliest, latest)
        while self.share < share:
            await asyncio.sleep(0.001)
        await self.count_in_flight()

    async def count_in_flight(self) -> None:
        """Note how many events were answered 202 and have not reached the end."""
        with contextlib.suppress(asyncpg.PostgresError, OSError):
            rows = await self.databases.rows("analytics", "select count(*) from events where community = $1")
            self.in_flight = max(self.in_flight, self._sent - rows[0][0])

    async def sprung(self, trap: Trap) -> None:
        """Return once the trap was sprung."""
        async with asyncio.timeout(SPRING_SECONDS):
            await trap.sprung.wait()
        await self.count_in_flight()
        self.recovers()

    def recovers(self, within_seconds: float = PROBE_SECONDS) -> None:
        """The fault's cause is over: from now on the time is taken until an event gets through to the end."""
        self.probes.append(asyncio.create_task(self._probe(len(self.load.events), within_seconds)))

    async def recovery_done(self) -> None:
        """Return once the events sent after the faults have come through, and the load is sent."""
        await asyncio.gather(*self.probes)
        while self.share < 1:
            await asyncio.sleep(POLL_SECONDS)

    async def _probe(self, number: int, within_seconds: float) -> float:
        started = time.monotonic()
        probe = loads.message(f"probe-{number}", datetime.now(UTC), f"probe-{number}", f"probe-{number}")
        self.load.add(probe)
        async with AsyncPlaudit(f"http://127.0.0.1:{self.arena.door.port}", self.key) as client:
            client._reached = True
            sent = await client.send([probe])
        self.receipts[sent.receipt_ids[0]] = 1
        who = "select member_id from identities where community = $1 and channel = 'chat' and identity = $2"
        async with asyncio.timeout(within_seconds):
            ((member_id,),) = await self._until(lambda: self.databases.rows("ingest", who, probe["id"]))
        uid = loads.event_uid(self.load.community, probe["id"])
        award = loads.award_id(self.load.community, "message", "actor", uid, str(member_id), probe["time"])
        for service, sql in (
            ("rewards", "select 1 from transfers where community = $1 and cause_id = $2"),
            ("recognition", "select 1 from applied_awards where community = $1 and award_id = $2"),
            ("analytics", "select 1 from awards where community = $1 and award_id = $2"),
        ):
            async with asyncio.timeout(within_seconds):
                await self._until(lambda service=service, sql=sql: self.databases.rows(service, sql, award))
        return time.monotonic() - started

    async def _until(self, ask: Callable[[], Awaitable[list[Any]]]) -> list[Any]:
        while True:
            with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                if found := await ask():
                    return found
            await asyncio.sleep(PROBE_POLL_SECONDS)

    async def load_members(self) -> None:
        """Learn who is which member, as ingest told the others."""
        key, community = self.arena.state.identity_key, self.load.community
        hashes = {loads.identity_hash(key, community, person): person for person in self.load.people}
        told = await self.databases.rows(
            "scoring", "select identity_hash, member_id from followed_identities where community = $1"
        )
        self.load.members = {hashes[row[0]]: str(row[1]) for row in told if row[0] in hashes}

    async def finish(self) -> None:
        """Settle, reconcile, and put the row into the report; raises AssertionError when anything differs."""
        recovered = max(await asyncio.gather(*self.probes), default=None)
        await self.arena.workers.ready()
        await self.arena.settled()
        await self.load_members()
        expected = await self.expectation() if self.expectation else expect(self.load)
        self.adjust(expected)
        found = await reconcile.reconcile(self.databases, expected, self.receipts)
        now = await reconcile.dead_letters(self.arena.state)
        new = {service: now[service] - self.dead_letters[service] for service in SERVICES}
        wanted = {service: self.expected_dead_letters.get(service, 0) for service in SERVICES}
        found.check(f"dead letters: {new} instead of {wanted}", new == wanted)
        REPORT.append(Row(self.name, self.in_flight, found.lost, found.doubled, recovered))
        assert not found.details, f"seed {SEED}: " + "; ".join(found.details)


@asynccontextmanager
async def arena(name: str) -> AsyncIterator[Arena]:
    """The whole platform with proxies on the wires; everything ends with it."""
    proxies = Proxy(0), PostgresProxy(0), KafkaProxy(0)
    for proxy in proxies:
        await proxy.start()
    door, postgres, broker = proxies
    listener = Proxy(0)
    await listener.start()  # a free port for the broker's second listener
    await listener.stop()
    with pytest.MonkeyPatch.context() as patch:
        proxied = _with_proxied_listener(name, kafka.properties, listener.port, broker.port)
        patch.setattr(kafka, "properties", proxied)
        state = await asyncio.to_thread(start, name, only=["kafka", "postgres"])
        postgres.target_port = state.ports["postgres"]
        broker.target_port = listener.port
        door.target_port = state.ports["ingest"]
        environment = {
            "PLAUDIT_KAFKA": f"127.0.0.1:{broker.port}",
            "PLAUDIT_POSTGRES_URL": f"postgresql://127.0.0.1:{postgres.port}",
            "PLAUDIT_SESSION_SECONDS": str(SESSION_SECONDS),
            # What a dead process was delivering is another's after four times as long, and a moment.
            "PLAUDIT_WEBHOOK_SECONDS": "1",
        }
        workers = Workers(state, environment)
        try:
            for service in SERVICES:
                workers.start(service)
            await workers.ready()
            yield Arena(state, postgres, broker, door, workers)
        finally:
            if KEPT_LOGS:
                shutil.copytree(state.directory / "logs", KEPT_LOGS, dirs_exist_ok=True)
            await workers.stop_all()
            for proxy in proxies:
                await proxy.stop()
            await asyncio.to_thread(throw_away, state)


def _with_proxied_listener(
    name: str, properties: Callable[[StackState], str], port: int, advertised_port: int
) -> Callable[[StackState], str]:
    """The broker's settings with a listener whose clients are told to come through the proxy.

    Only for the stack `name`: other stacks are started while this one runs.
    """

    def changed(state: StackState) -> str:
        if state.name != name:
            return properties(state)
        settings = dict(line.split("=", 1) for line in properties(state).splitlines())
        settings["listeners"] += f",PROXIED://127.0.0.1:{port}"
        settings["advertised.listeners"] += f",PROXIED://127.0.0.1:{advertised_port}"
        settings |= kafka.security(state, "CLIENTS", "PROXIED")
        return "".join(f"{key}={value}\n" for key, value in settings.items())

    return changed
