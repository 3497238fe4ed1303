"""Transactions: scoring fed by Kafka beside its SQL alone, and the ledger beside a bare COPY."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import asyncpg

from bench import chain, messages
from bench.chain import BATCH_COUNT, Chain, connected
from bench.context import MESSAGES, Context
from bench.measure import compare, like_a_service
from plaudit.stack import StackState
from plaudit.stack.services import connections
from shared.consumer import ConsumerLoop
from shared.contracts.facts import POINTS_AWARDED
from shared.kafka import create_producer, send_records
from shared.postgres import begin, database_url, role_name, use_quick_times
from shared.topics import EVENTS, POINTS
from shared.transaction import Transaction

TEXT = MESSAGES.read_text()
EVENT_COUNT = 40_000
FINISH_SECONDS = 300.0
SCORING_TABLES = (
    *("activities", "awards", "declined", "claims", "limited_members", "limit_windows", "outbox"),
    "consumer_offsets",
)
LEDGER_TABLES = (
    *("accounts", "transfers", "entries", "balances", "member_sums", "turnovers", "lots", "outbox"),
    *("entries_unchained", "ledger_blocks"),
)
#: What one award writes, in one row: its transfer, two entries and its lot.
WIDTH = """
    create table if not exists bench_width (
        community text not null, transfer_id uuid not null, kind text not null, cause_id uuid not null,
        event_time timestamptz not null, recorded_at timestamptz not null, amends uuid,
        revision int, why text, told_at timestamptz, told_points bigint,
        account_a uuid not null, recorded_a timestamptz not null,
        amount_a bigint not null, currency_a text not null,
        account_b uuid not null, recorded_b timestamptz not null,
        amount_b bigint not null, currency_b text not null,
        award_id uuid not null, member_id uuid not null, points bigint not null, remaining bigint not null,
        earned_at timestamptz not null, expires_at timestamptz, pending_until timestamptz,
        expired bigint not null default 0, lacking bigint not null default 0,
        primary key (community, transfer_id))
"""


class CommitsOnly:
    """Stands in for the relay: counts commits, publishes nothing."""

    def __init__(self) -> None:
        self.commits: list[float] = []

    def wake(self, count: int) -> None:
        self.commits.append(time.perf_counter())

    async def wait_for_room(self) -> None:
        return

    async def wait_until_published(self) -> None:
        return


class Recording:
    """A connection that notes every statement with its arguments, as they are handed to the driver."""

    def __init__(self, connection: Any, calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]]) -> None:
        self._connection = connection
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._connection, name)
        if name == "transaction":
            return method  # a savepoint is no statement with arguments

        async def noted(*arguments: Any, **options: Any) -> Any:
            self._calls.append((name, arguments, options))
            return await method(*arguments, **options)

        return noted


async def scoring(context: Context) -> None:
    """Events from Kafka through the rules to the commit, beside the same SQL with its arrays prepared."""
    await context.reset()
    state = await context.infrastructure()
    like_a_service()
    async with connected(state, ("ingest", "scoring")) as links:
        values = await _events_in_kafka(state, links)
        link = links.links["scoring"]
        scoring = link.subscription(EVENTS.name)
        recorded: list[list[tuple[str, tuple[Any, ...], dict[str, Any]]]] = []
        for start in range(0, len(values), BATCH_COUNT):
            calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
            facts = [scoring.adapter.validate_json(one[1]) for one in values[start : start + BATCH_COUNT]]
            async with begin(link.pool) as conn:
                recording: Any = Recording(conn, calls)
                tx = Transaction(recording, datetime.now(UTC), service=link.spec.name, settings=link.settings)
                await scoring.handler(tx, facts)
                await tx.store_outbox()
            recorded.append(calls)

        async def rate() -> float:
            await truncate(state, "scoring", SCORING_TABLES)
            return await _consume(state, links, len(values))

        async def limit() -> float:
            await truncate(state, "scoring", SCORING_TABLES)
            started = time.perf_counter()
            for calls in recorded:
                async with begin(link.pool) as conn:
                    for name, arguments, options in calls:
                        await getattr(conn, name)(*arguments, **options)
            return len(values) / (time.perf_counter() - started)

        await compare(
            context,
            name="scoring transaction (consume, rules, commit)",
            unit="events",
            rate=rate,
            limit_name="its SQL alone, with prepared arrays",
            limit=limit,
            reach=0.75,
            note="messages.yaml, batches of at most 2,000",
        )
    await context.reset()


async def _events_in_kafka(state: StackState, links: Chain) -> list[tuple[bytes, bytes]]:
    """Publish the programme, let ingest accept the messages and put what it publishes into Kafka."""
    community = f"bench-{uuid.uuid4().hex[:10]}"
    await chain.publish(links, community, TEXT)
    given = messages.events(EVENT_COUNT)
    values: list[tuple[bytes, bytes]] = []
    for start in range(0, len(given), BATCH_COUNT):
        raw = list(chain.raw_values(community, given[start : start + BATCH_COUNT]))
        published = await links.links["ingest"].handle("engagement.raw.v1", raw)
        values += [(key, value) for topic, key, value in published if topic == EVENTS.name]
    producer = create_producer(state.broker, request_seconds=20)
    await producer.start()
    try:
        await send_records(producer, ((EVENTS.name, key, value) for key, value in values))
    finally:
        await producer.stop()
    return values


async def _consume(state: StackState, links: Chain, event_count: int) -> float:
    """Events per second of scoring's consumer loop, from its first commit to its last."""
    link = links.links["scoring"]
    settings = link.spec.settings(**connections(state, "scoring"))
    relay = CommitsOnly()
    counts: list[int] = []
    scoring = link.subscription(EVENTS.name)

    async def counting(tx: Transaction, events: list[Any]) -> None:
        await scoring.handler(tx, events)
        counts.append(len(events))

    subscription = replace(scoring, handler=counting)
    loop = ConsumerLoop("scoring", [subscription], link.pool, relay, settings)  # type: ignore[arg-type]
    await loop.start()
    try:
        async with asyncio.timeout(FINISH_SECONDS):
            while sum(counts) < event_count or len(relay.commits) < len(counts):  # noqa: ASYNC110 -- a measurement
                await asyncio.sleep(0.005)
    finally:
        await loop.stop()
    return (event_count - counts[0]) / (relay.commits[-1] - relay.commits[0])


async def ledger(context: Context) -> None:
    """Awards booked by rewards, beside a COPY of rows as wide as all that an award writes."""
    await context.reset()
    state = await context.infrastructure()
    like_a_service()
    async with connected(state, ("ingest", "scoring", "rewards")) as links:
        facts = await _awards(links)
        link = links.links["rewards"]
        booking = next(one for one in link.spec.subscriptions if one.topic.name == POINTS.name).handler
        admin = await asyncpg.connect(database_url(state.postgres_admin_url, role_name("rewards")))
        await use_quick_times(admin)  # as the services' connections do
        await admin.execute(WIDTH)
        rows = [_row(fact) for fact in facts]

        async def rate() -> float:
            await truncate(state, "rewards", LEDGER_TABLES)
            started = time.perf_counter()
            for start in range(0, len(facts), BATCH_COUNT):
                async with link.begin() as tx:
                    await booking(tx, facts[start : start + BATCH_COUNT])
            return len(facts) / (time.perf_counter() - started)

        async def limit() -> float:
            await admin.execute("truncate bench_width")
            started = time.perf_counter()
            for start in range(0, len(rows), BATCH_COUNT):
                await admin.copy_records_to_table("bench_width", records=rows[start : start + BATCH_COUNT])
            return len(rows) / (time.perf_counter() - started)

        await compare(
            context,
            name="ledger postings",
            unit="awards",
            rate=rate,
            limit_name="COPY into a table as wide as all an award writes, with a primary key",
            limit=limit,
            reach=0.40,
            note="an award writes a transfer, two entries, a lot and moves two balances",
        )
        await admin.close()
    await context.reset()


async def _awards(links: Chain) -> list[Any]:
    community = f"bench-{uuid.uuid4().hex[:10]}"
    await chain.publish(links, community, TEXT)
    given = messages.events(EVENT_COUNT)
    facts: list[Any] = []
    for start in range(0, len(given), BATCH_COUNT):
        raw = list(chain.raw_values(community, given[start : start + BATCH_COUNT]))
        accepted = await links.links["ingest"].handle("engagement.raw.v1", raw)
        events = [value for topic, _, value in accepted if topic == EVENTS.name]
        awarded = await links.links["scoring"].handle(EVENTS.name, events)
        facts += [
            POINTS_AWARDED.adapter.validate_json(value) for topic, _, value in awarded if topic == POINTS.name
        ]
    return facts


def _row(fact: Any) -> tuple[Any, ...]:
    data, now, points = fact["data"], fact["time"], fact["data"]["points"]
    entry = (uuid.UUID(data["member_id"]), now, points, "PTS")
    transfer = (
        fact["community"],
        uuid.uuid4(),
        "award",
        uuid.UUID(data["award_id"]),
        data["event_time"],
        now,
        *(None, None, None),
        now,
        points,
    )
    lot = (
        uuid.UUID(data["award_id"]),
        uuid.UUID(data["member_id"]),
        points,
        points,
        data["event_time"],
        *(None, None),
        *(0, 0),
    )
    return (*transfer, *entry, *entry, *lot)


async def truncate(state: StackState, service: str, tables: Sequence[str]) -> None:
    """Empty tables of a service, as the administrator."""
    admin = await asyncpg.connect(database_url(state.postgres_admin_url, role_name(service)))
    try:
        await admin.execute(f"truncate {', '.join(tables)}")
    finally:
        await admin.close()
