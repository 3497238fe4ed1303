"""Stages with a real Kafka: what is acknowledged, what is consumed and decoded, and what the relay publishes."""

import asyncio
import time
from collections.abc import Sequence
from statistics import median
from urllib.parse import urlsplit

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from confluent_kafka import Consumer

from bench import chain, messages
from bench.context import INFRASTRUCTURE, Context
from bench.front_door import Call, NoProducer
from bench.loader import Loader
from bench.measure import compare
from plaudit.stack import StackState
from plaudit.stack.services import connections
from services.ingest.settings import Settings
from shared.contracts.facts import RAW_EVENT
from shared.kafka import create_producer, create_topics, send_records
from shared.outbox import OutboxRelay
from shared.postgres import create_pool
from shared.topics import RAW

CONNECTION_COUNT = 8
REQUEST_COUNT = 120
RECORD_COUNT = 300_000
CONFLUENT_COUNT = 1_000
POLL_SECONDS = 5.0


class Recorder(NoProducer):
    """Acknowledges at once, and remembers what would have been sent."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes, bytes]] = []

    def create_batch(self) -> "RecordedBatch":  # type: ignore[override]
        return RecordedBatch(self.records)


class RecordedBatch:
    """Puts its records into a list."""

    def __init__(self, records: list[tuple[bytes, bytes]]) -> None:
        self._records = records

    def append(self, *, key: bytes, value: bytes, timestamp: None) -> object:
        self._records.append((key, value))
        return self


async def http_acknowledged(context: Context) -> None:
    """Batches over HTTP, answered when the broker has them, beside validating and producing in sequence."""
    state = await context.up([*INFRASTRUCTURE, "ingest"])
    _, key = await _key(context, state)
    bodies = messages.bodies(messages.events(messages.BATCH_COUNT * 20))
    recorder = Recorder()
    recording = Call(recorder)
    for body in bodies:
        await recording(body, b"application/cloudevents-batch+json")
    batches = [
        recorder.records[start : start + messages.BATCH_COUNT]
        for start in range(0, len(recorder.records), messages.BATCH_COUNT)
    ]
    call = Call()
    validate: list[float] = []
    produce: list[float] = []

    async def rate() -> float:
        url = urlsplit(state.service_urls["ingest"])
        loader = await Loader.start(
            {
                "host": url.hostname,
                "port": url.port,
                "key": key,
                "connection_count": CONNECTION_COUNT,
                "batch_count": messages.BATCH_COUNT,
                "event_count": len(bodies) * messages.BATCH_COUNT,
                "repeat_count": REQUEST_COUNT // len(bodies),
            }
        )
        try:
            return (await loader.run()).per_second
        finally:
            loader.stop()

    async def limit() -> float:
        started = time.perf_counter()
        for body in bodies:
            await call(body, b"application/cloudevents-batch+json")
        validate.append(len(bodies) * messages.BATCH_COUNT / (time.perf_counter() - started))
        produce.append(await _produce(state, batches, REQUEST_COUNT))
        return 1 / (1 / validate[-1] + 1 / produce[-1])

    # Only the front door: a worker behind it would take CPU from what is measured.
    state = await context.up([*INFRASTRUCTURE, "ingest"], role="api")
    stage = await compare(
        context,
        name="HTTP acknowledged by Kafka, batches of 500",
        unit="events",
        rate=rate,
        limit_name="1 ÷ (1 ÷ the route in process + 1 ÷ producing the same records)",
        limit=limit,
        reach=0.80,
    )
    stage.note = f"the route in process {median(validate):,.0f}/s, producing {median(produce):,.0f}/s"


async def _key(context: Context, state: StackState) -> tuple[str, str]:
    whole = await context.up()
    found = await context.new_community(whole, None)
    await context.settled(whole)
    return found


async def _produce(state: StackState, batches: Sequence[list[tuple[bytes, bytes]]], count: int) -> float:
    """Records per second when so many batches are sent, as many at a time as there are connections."""
    producer = create_producer(state.broker, request_seconds=20)
    await producer.start()
    left = iter(range(count))
    total = 0

    async def sender() -> None:
        nonlocal total
        for number in left:
            batch = batches[number % len(batches)]
            await send_records(producer, ((RAW.name, key, value) for key, value in batch))
            total += len(batch)

    try:
        started = time.perf_counter()
        await asyncio.gather(*(sender() for _ in range(CONNECTION_COUNT)))
        return total / (time.perf_counter() - started)
    finally:
        await producer.stop()


async def consume(context: Context) -> None:
    """Records of engagement.raw.v1 fetched and decoded as the consumer loop does, beside confluent-kafka."""
    state = await context.infrastructure()
    await create_topics(state.broker, [RAW])
    values = list(chain.raw_values("bench", messages.events(10_000)))
    records = [(str(number).encode(), value) for number, value in enumerate(values)]
    await _produce(
        state, [records[start : start + 500] for start in range(0, len(records), 500)], RECORD_COUNT // 500
    )
    await compare(
        context,
        name="consume and decode",
        unit="records",
        rate=lambda: _consume(state),
        limit_name="confluent-kafka consume(1000) and orjson.loads",
        limit=lambda: asyncio.to_thread(_consume_confluent, state),
        reach=0.60,
    )


async def _consume(state: StackState) -> float:
    settings = Settings()
    consumer = AIOKafkaConsumer(
        **state.broker.options,
        enable_auto_commit=False,
        isolation_level="read_committed",
        fetch_max_bytes=settings.fetch_max_bytes,
        max_partition_fetch_bytes=settings.fetch_max_bytes,
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(RAW.name, number) for number in range(RAW.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        done, started, before = 0, 0.0, 0
        while done < RECORD_COUNT:
            fetched = await consumer.getmany(timeout_ms=200, max_records=settings.batch_max_count)
            for batch in fetched.values():
                for record in batch:
                    RAW_EVENT.adapter.validate_json(record.value)
                done += len(batch)
            if not started and done:  # connecting is not consuming
                started, before = time.perf_counter(), done
        return (done - before) / (time.perf_counter() - started)
    finally:
        await consumer.stop()


def _consume_confluent(state: StackState) -> float:
    from confluent_kafka import OFFSET_BEGINNING  # noqa: PLC0415
    from confluent_kafka import TopicPartition as Partition  # noqa: PLC0415

    consumer = Consumer(
        {
            "bootstrap.servers": state.broker.servers,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": state.broker.mechanism,
            "sasl.username": state.broker.user,
            "sasl.password": state.broker.password,
            "group.id": "bench-limit",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    try:
        consumer.assign([Partition(RAW.name, number, OFFSET_BEGINNING) for number in range(RAW.partitions)])
        done, started, before = 0, 0.0, 0
        while done < RECORD_COUNT:
            for record in consumer.consume(CONFLUENT_COUNT, POLL_SECONDS):
                orjson.loads(record.value() or b"null")
                done += 1
            if not started and done:
                started, before = time.perf_counter(), done
        return (done - before) / (time.perf_counter() - started)
    finally:
        consumer.close()


async def relay(context: Context) -> None:
    """Outbox rows published and deleted by the relay, beside sending the same messages from memory."""
    state = await context.infrastructure()
    settings = Settings(**connections(state, "scoring"))
    pool = await create_pool("scoring", settings)
    producer = create_producer(state.broker, request_seconds=20)
    await producer.start()
    values = list(chain.raw_values("bench", messages.events(20_000)))
    given = [(RAW.name, str(number).encode(), value) for number, value in enumerate(values)]

    async def rate() -> float:
        await pool.copy_records_to_table("outbox", records=given, columns=("topic", "key", "value"))
        works = OutboxRelay(pool, producer, settings)
        started = time.perf_counter()
        await works.start()
        try:
            await works.wait_until_published()
            return len(given) / (time.perf_counter() - started)
        finally:
            await works.stop()

    try:
        await compare(
            context,
            name="outbox relay",
            unit="messages",
            rate=rate,
            limit_name="aiokafka send of the same messages, then flush",
            limit=lambda: _send_and_flush(producer, given),
            reach=0.90,
        )
    finally:
        await producer.stop()
        await pool.close()


async def _send_and_flush(producer: AIOKafkaProducer, given: Sequence[tuple[str, bytes, bytes]]) -> float:
    started = time.perf_counter()
    for topic, key, value in given:
        await producer.send(topic, value, key=key)
    await producer.flush()
    return len(given) / (time.perf_counter() - started)
