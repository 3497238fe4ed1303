"""Recognition's transaction, of events and of the awards for them, beside its SQL alone."""

import gc
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench import chain, messages
from bench.chain import BATCH_COUNT, Chain, Link, connected
from bench.context import MESSAGES, ROOT, Context
from bench.measure import compare, like_a_service
from bench.stages.transactions import Recording, truncate
from plaudit.stack import StackState
from shared.postgres import begin
from shared.topics import EVENTS, POINTS
from shared.transaction import Transaction

EVENT_COUNT = 20_000
QUICK_EVENT_COUNT = 6_000
REACH = 0.5
PROGRAMMES = (MESSAGES, ROOT / "programmes" / "starter.yaml")
#: A topic and the values of a batch of it.
Batch = tuple[str, list[bytes]]
#: A statement's method at the driver, its arguments and options.
Call = tuple[str, tuple[Any, ...], dict[str, Any]]


async def recognition(context: Context) -> None:
    """Counting events and adding up awards, by each programme, beside the same SQL with its arrays prepared."""
    like_a_service()
    for programme, text in _texts():
        await context.reset()
        state = await context.infrastructure()
        async with connected(state, ("ingest", "scoring", "recognition")) as links:
            await _measure(context, state, links, title=programme.name, text=text)
    await context.reset()


async def _measure(context: Context, state: StackState, links: Chain, *, title: str, text: str) -> None:
    event_count = QUICK_EVENT_COUNT if context.quick else EVENT_COUNT
    batches = await _batches(links, text, event_count)
    link = links.links["recognition"]
    empty = await _empty_tables(link)
    recorded = [await _recorded(link, batch) for batch in batches]
    decoding: list[float] = []

    async def rate() -> float:
        await truncate(state, "recognition", empty)
        spent, decoded = 0.0, 0.0
        for topic, values in batches:
            subscription = link.subscription(topic)
            started = link.cpu_seconds()
            facts = [subscription.adapter.validate_json(value) for value in values]
            decoded += link.cpu_seconds() - started
            with _like_the_loop():
                started = link.cpu_seconds()
                await _handle(link, topic, facts)
                spent += link.cpu_seconds() - started
        decoding.append(decoded / event_count * 1e6)
        return event_count / spent

    async def limit() -> float:
        await truncate(state, "recognition", empty)
        spent = 0.0
        for calls in recorded:
            with _like_the_loop():
                started = link.cpu_seconds()
                async with begin(link.pool) as conn:
                    for name, arguments, options in calls:
                        await getattr(conn, name)(*arguments, **options)
                spent += link.cpu_seconds() - started
        return event_count / spent

    await compare(
        context,
        name=f"recognition transaction (count, add up, grant, commit), {title}",
        unit="events",
        rate=rate,
        limit_name="its SQL alone, with prepared arrays",
        limit=limit,
        reach=REACH,
        note=f"CPU of Python and PostgreSQL together, events and their awards, batches of {BATCH_COUNT:,} events",
    )
    context.say_number(f"decoding an event and its awards before that: {median(decoding):.1f} µs")


@contextmanager
def _like_the_loop() -> Iterator[None]:
    """The collector at rest, as the consumer loop leaves it while a batch is handled."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _texts() -> list[tuple[Path, str]]:
    """The programmes without what points buy, which stands last: it takes a second person and is not read here."""
    return [(one, one.read_text().partition("\nrewards:")[0]) for one in PROGRAMMES]


async def _batches(links: Chain, text: str, event_count: int) -> list[Batch]:
    """What recognition gets of so many messages, in the order in which it is published."""
    community = f"bench-{uuid.uuid4().hex[:10]}"
    await chain.publish(links, community, text)
    given = messages.events(event_count)
    batches: list[Batch] = []
    for start in range(0, len(given), BATCH_COUNT):
        raw = list(chain.raw_values(community, given[start : start + BATCH_COUNT]))
        accepted = await links.links["ingest"].handle("engagement.raw.v1", raw)
        events = [value for topic, _, value in accepted if topic == EVENTS.name]
        awarded = await links.links["scoring"].handle(EVENTS.name, events)
        batches.append((EVENTS.name, events))
        batches.append((POINTS.name, [value for topic, _, value in awarded if topic == POINTS.name]))
    return batches


async def _handle(link: Link, topic: str, facts: list[Any], calls: list[Call] | None = None) -> None:
    """Handle a batch, and store what it tells, in one transaction; note its statements in `calls`."""
    async with begin(link.pool) as conn:
        through: Any = conn if calls is None else Recording(conn, calls)
        tx = Transaction(through, datetime.now(UTC), service=link.spec.name, settings=link.settings)
        await link.subscription(topic).handler(tx, facts)
        await tx.store_outbox()


async def _recorded(link: Link, batch: Batch) -> list[Call]:
    topic, values = batch
    calls: list[Call] = []
    adapter = link.subscription(topic).adapter
    await _handle(link, topic, [adapter.validate_json(value) for value in values], calls)
    return calls


async def _empty_tables(link: Link) -> Sequence[str]:
    """The tables that the programme alone put nothing into: what events and awards write to."""
    rows = await link.pool.fetch(
        "select quote_ident(tablename) as name from pg_tables where schemaname = 'public' order by 1"
    )
    names = [str(row["name"]) for row in rows]
    return [name for name in names if not await link.pool.fetchval(f"select exists (select from {name})")]
