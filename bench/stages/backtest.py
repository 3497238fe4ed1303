"""A backtest, beside consuming and decoding the same log with the fastest client."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer

from bench import chain, messages
from bench.chain import BATCH_COUNT, Chain, Link, connected
from bench.context import MESSAGES, Context
from bench.measure import compare, like_a_service
from bench.stages.rebuild import consumed, places
from plaudit.stack import StackState
from plaudit.stack.services import connections
from services.scoring.backtests.domain.backtests import BacktestState, DraftAsked
from services.scoring.backtests.domain.summing import Asked
from services.scoring.backtests.handlers.asking import ask
from services.scoring.backtests.handlers.log import EventLog
from services.scoring.backtests.handlers.running import Runner
from services.scoring.backtests.store.backtests import find_backtest
from services.scoring.programmes.domain.publication import Author
from services.scoring.settings import Settings
from shared.kafka import create_producer, send_records
from shared.postgres import database_url, role_name
from shared.topics import EVENTS

EVENT_COUNT = 40_000
COMMUNITY = "bench-backtest"
REACH = 0.40
ALL = Asked(datetime.now(UTC) - timedelta(days=36_500), datetime.now(UTC) + timedelta(days=3_650))


async def backtest(context: Context) -> None:
    """The log through the programme in force and one draft, beside confluent-kafka and orjson alone."""
    await context.reset()
    state = await context.infrastructure()
    like_a_service()
    async with connected(state, ("ingest", "scoring")) as links:
        count = await _fill(state, links)
        settings = Settings(**connections(state, "scoring"))
        scoring = links.links["scoring"]
        events = EventLog(scoring.pool, settings)
        await events.start()
        try:
            for drafts_count in (0, 1):
                await compare(
                    context,
                    name=f"backtest of {drafts_count} drafts beside the programme in force",
                    unit="events",
                    rate=partial(_replayed, scoring, events, settings, drafts_count=drafts_count, count=count),
                    limit_name="confluent-kafka consume(1000) and orjson.loads",
                    limit=lambda: asyncio.to_thread(consumed, state, (EVENTS,), count),
                    reach=REACH,
                    note="events of messages.yaml; from asked for until its result is there",
                )
        finally:
            await events.close()
    await context.reset()


async def _fill(state: StackState, links: Chain) -> int:
    """Put events into Kafka, and have them scored: the live line is where the log ends. Returns their number."""
    await chain.publish(links, COMMUNITY, MESSAGES.read_text())
    given = messages.events(EVENT_COUNT)
    count = 0
    producer = create_producer(state.broker, request_seconds=20)
    await producer.start()
    try:
        for start in range(0, len(given), BATCH_COUNT):
            raw = list(chain.raw_values(COMMUNITY, given[start : start + BATCH_COUNT]))
            told = await links.links["ingest"].handle("engagement.raw.v1", raw)
            records = [(topic, key, value) for topic, key, value in told if topic == EVENTS.name]
            await links.links["scoring"].handle(EVENTS.name, [value for _, _, value in records])
            await send_records(producer, records)
            count += len(records)
    finally:
        await producer.stop()
    consumer = AIOKafkaConsumer(**state.broker.options)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(places([EVENTS]))
    finally:
        await consumer.stop()
    admin = await asyncpg.connect(database_url(state.postgres_admin_url, role_name("scoring")))
    await admin.executemany(
        "insert into consumer_offsets (topic, partition, next_offset) values ($1, $2, $3)"
        " on conflict (topic, partition) do update set next_offset = excluded.next_offset",
        [(place.topic, place.partition, offset) for place, offset in ends.items()],
    )
    await admin.close()
    return count


async def _replayed(link: Link, log: EventLog, settings: Settings, *, drafts_count: int, count: int) -> float:
    """Events per second from when a backtest is asked for until its result is there."""
    by = Author(str(uuid4()), "Bench", "bench")
    drafts = [DraftAsked.of("draft", MESSAGES.read_text())] * drafts_count
    runner = Runner(link.pool, log, settings)
    started = time.perf_counter()
    async with link.begin() as tx:
        asked = await ask(tx, community=COMMUNITY, asked=ALL, drafts=drafts, by=by)
    while await runner.turn():
        pass
    took = time.perf_counter() - started
    async with link.pool.acquire() as conn:
        found = await find_backtest(conn, community=COMMUNITY, backtest_id=asked.backtest_id)
    if found is None or found.state is not BacktestState.DONE or found.events_count != count:
        raise RuntimeError(f"the backtest did not end well: {found}")
    return count / took
