"""A rebuild of analytics, beside consuming and decoding what it reads with the fastest client."""

import asyncio
import time
from collections.abc import Sequence

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka import OFFSET_BEGINNING, Consumer
from confluent_kafka import TopicPartition as Partition

from bench import chain, messages
from bench.chain import BATCH_COUNT, Chain, connected
from bench.context import MESSAGES, Context
from bench.measure import compare, like_a_service
from bench.stages.broker import CONFLUENT_COUNT, POLL_SECONDS
from plaudit.rebuilds.databases import REBUILT, RUNNING, make
from plaudit.stack import StackState
from plaudit.stack.services import connections
from services.analytics.main import SPEC
from services.analytics.rebuild import COUNTING
from services.analytics.rebuilding import store
from services.analytics.rebuilding.domain import TABLES, Origin
from services.analytics.rebuilding.handlers.reading import Databases, Reader
from services.analytics.settings import Settings
from shared.kafka import create_producer, send_records
from shared.postgres import database_url
from shared.topics import EVENTS, POINTS, Topic

EVENT_COUNT = 40_000
READ = (EVENTS, POINTS)
REACH = 0.40
LOOK_SECONDS = 0.05
FINISH_SECONDS = 600.0


async def rebuild(context: Context) -> None:
    """Events and awards read into an empty database and counted, beside confluent-kafka and orjson alone."""
    await context.reset()
    state = await context.infrastructure()
    like_a_service()
    await make(state.postgres_admin_url)
    async with connected(state, ("ingest", "scoring")) as links:
        count = await _fill(state, links)
    await compare(
        context,
        name="rebuild of analytics (consume, decode, count, commit)",
        unit="records",
        rate=lambda: _rebuild(state, count),
        limit_name="confluent-kafka consume(1000) and orjson.loads",
        limit=lambda: asyncio.to_thread(consumed, state, READ, count),
        reach=REACH,
        note="events and awards of messages.yaml, in batches of at most 2,000",
    )
    await context.reset()


async def _fill(state: StackState, links: Chain) -> int:
    """Put events and the awards that follow into Kafka, and say that the running analytics has read them."""
    community = "bench-rebuild"
    await chain.publish(links, community, MESSAGES.read_text())
    given = messages.events(EVENT_COUNT)
    wanted = {topic.name for topic in READ}
    count = 0
    producer = create_producer(state.broker, request_seconds=20)
    await producer.start()
    try:
        for start in range(0, len(given), BATCH_COUNT):
            raw = list(chain.raw_values(community, given[start : start + BATCH_COUNT]))
            told = await links.links["ingest"].handle("engagement.raw.v1", raw)
            events = [value for topic, _, value in told if topic == EVENTS.name]
            told += await links.links["scoring"].handle(EVENTS.name, events)
            records = [(topic, key, value) for topic, key, value in told if topic in wanted]
            await send_records(producer, records)
            count += len(records)
    finally:
        await producer.stop()
    consumer = AIOKafkaConsumer(**state.broker.options)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(places(READ))
    finally:
        await consumer.stop()
    running = await asyncpg.connect(database_url(state.postgres_admin_url, RUNNING))
    await running.executemany(
        "insert into consumer_offsets (topic, partition, next_offset) values ($1, $2, $3)",
        [(place.topic, place.partition, offset) for place, offset in ends.items()],
    )
    await running.close()
    return count


def places(topics: Sequence[Topic]) -> list[TopicPartition]:
    """All partitions of topics."""
    return [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]


async def _rebuild(state: StackState, count: int) -> float:
    """Records per second from the first look at an empty database until all are read and counted."""
    settings = Settings(**connections(state, "analytics"))
    admin = await asyncpg.connect(database_url(state.postgres_admin_url, REBUILT))
    filled = [name for name, kept in TABLES.items() if kept.origin is not Origin.OWN]
    await admin.execute(f"truncate {', '.join(filled)}, consumer_offsets, rebuild.reading")
    pool, own = (
        await store.connected(settings, database=REBUILT),
        await store.connect_for(settings, database=REBUILT),
    )
    timers = [timer for timer in SPEC.timers if timer.name in COUNTING]
    reader = Reader(settings, Databases(pool, own, RUNNING), subscriptions=SPEC.subscriptions, timers=timers)
    started = time.perf_counter()
    done = asyncio.Event()
    reading = asyncio.create_task(reader.run(done.is_set))
    try:
        async with asyncio.timeout(FINISH_SECONDS):
            while not await _is_read(admin, count) or await store.is_anything_waiting(pool):
                if reading.done():
                    await reading
                await asyncio.sleep(LOOK_SECONDS)
        return count / (time.perf_counter() - started)
    finally:
        done.set()
        await reading
        await own.close()
        await pool.close()
        await admin.close()


async def _is_read(admin: asyncpg.Connection, count: int) -> bool:
    read = await admin.fetchval(
        """
        select coalesce(sum(o.next_offset - r.first_offset), 0)::bigint
        from rebuild.reading r join consumer_offsets o using (topic, partition)
        """
    )
    return bool(read >= count)


def consumed(state: StackState, topics: Sequence[Topic], count: int) -> float:
    """Records per second of so many of topics, fetched and parsed by the fastest client there is."""
    consumer = Consumer(
        {
            "bootstrap.servers": state.broker.servers,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": state.broker.mechanism,
            "sasl.username": state.broker.user,
            "sasl.password": state.broker.password,
            "group.id": "bench-rebuild",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    try:
        consumer.assign([Partition(place.topic, place.partition, OFFSET_BEGINNING) for place in places(topics)])
        done, started = 0, time.perf_counter()
        while done < count:
            for record in consumer.consume(CONFLUENT_COUNT, POLL_SECONDS):
                orjson.loads(record.value() or b"null")
                done += 1
        return done / (time.perf_counter() - started)
    finally:
        consumer.close()
