"""A service's whole process in this one, on a real broker and database: what goes in by topic, what comes out."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from plaudit.stack import StackState
from shared.kafka import create_producer, send_records
from shared.service import Parts, ServiceSpec
from shared.settings import ServiceSettings
from shared.signatures import Signer
from shared.topics import Topic

DEADLINE_SECONDS = 180.0


@asynccontextmanager
async def running(spec: ServiceSpec, settings: ServiceSettings) -> AsyncIterator[Parts]:
    """The service at work; it is stopped at the end as a signal would stop it."""
    parts = Parts(spec, settings, "all")
    await parts.start()
    try:
        yield parts
    finally:
        await parts.stop()


async def send(state: StackState, records: Iterable[tuple[Topic, bytes, Any]]) -> None:
    """Publish messages, each with its topic and key, as their producers would; return when the broker has them."""
    producer = create_producer(state.broker, request_seconds=20)
    await producer.start()
    try:
        await send_records(
            producer, [(topic.name, key, written(state, topic, one)) for topic, key, one in records]
        )
    finally:
        await producer.stop()


def written(state: StackState, topic: Topic, message: Any) -> bytes:
    """The message as the topic's producer would write it: signed where the topic is."""
    value = orjson.dumps(message)
    return Signer(state.signing_keys[topic.producers[0]].signing_key).sign(value) if topic.signed else value


async def read(state: StackState, topic: Topic, community: str, count: int) -> list[Any]:
    """Every record of the community on a topic, in the order of each partition, once there are `count`."""
    consumer = AIOKafkaConsumer(**state.broker.options, auto_offset_reset="earliest")
    await consumer.start()
    found: list[Any] = []
    try:
        consumer.assign([TopicPartition(topic.name, number) for number in range(topic.partitions)])
        await consumer.seek_to_beginning()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(found) < count:
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    found += [record for record in batch if record.key.startswith(f"{community}|".encode())]
    finally:
        await consumer.stop()
    return found
