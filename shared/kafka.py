"""Kafka: topics made from the registry, and the producer's settings."""

import asyncio
import zlib
from collections.abc import Awaitable, Iterable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    TopicAlreadyExistsError,
    for_code,
)
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.topics import Topic

PRODUCER_LINGER_MS = 2
PRODUCER_BATCH_BYTES = 256 * 1024
REQUEST_MAX_BYTES = 2 * 1024 * 1024


def passes(error: KafkaError) -> bool:
    """Whether a failure passes by itself.

    After any other the idempotent producer's sequence numbers no longer fit the broker's: only a new
    producer, that is a new process, gets anything through.
    """
    return error.retriable or isinstance(error, KafkaTimeoutError)


def partition_of(key: bytes, partitions: Sequence[int]) -> int:
    """The partition of a key: CRC-32 modulo their number, as librdkafka's `consistent` partitioner does it.

    The client's own murmur2 is written in Python and takes several times as long as the rest of a send.
    """
    return partitions[zlib.crc32(key) % len(partitions)]


def create_producer(bootstrap: str, *, request_seconds: float) -> AIOKafkaProducer:
    """An idempotent producer that counts a record as sent when all in-sync replicas have it."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=PRODUCER_LINGER_MS,
        max_batch_size=PRODUCER_BATCH_BYTES,
        max_request_size=REQUEST_MAX_BYTES,
        request_timeout_ms=int(request_seconds * 1000),
    )


async def send_records(producer: AIOKafkaProducer, records: Iterable[tuple[str, bytes, bytes]]) -> None:
    """Send (topic, key, value) records and return when every in-sync replica has all of them.

    Records of one key keep their order. Batches are built here: a future for every record, as `send` makes
    them, costs more than the record. Raises KafkaError; some of the records may then have been written.
    """
    builders: dict[tuple[str, int], BatchBuilder] = {}
    partitions: dict[str, list[int]] = {}
    sent: list[Awaitable[object]] = []
    for topic, key, value in records:
        if topic not in partitions:
            partitions[topic] = sorted(await producer.partitions_for(topic))
        target = (topic, partition_of(key, partitions[topic]))
        builder = builders.get(target) or producer.create_batch()
        builders[target] = builder
        if builder.append(key=key, value=value, timestamp=None) is None:
            sent.append(await producer.send_batch(builder, topic, partition=target[1]))
            builder = builders[target] = producer.create_batch()
            if builder.append(key=key, value=value, timestamp=None) is None:
                raise MessageSizeTooLargeError(f"a record of {len(value)} bytes for {topic}")
    for (topic, partition), builder in builders.items():
        sent.append(await producer.send_batch(builder, topic, partition=partition))
    await asyncio.gather(*sent)


async def create_topics(bootstrap: str, topics: Sequence[Topic], replication: int = 1) -> list[str]:
    """Create those topics that are not there; return their names. Topics that exist stay as they are.

    Raises KafkaError when the broker refuses one.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        if not missing:
            return []
        response = await admin.create_topics(
            [NewTopic(topic.name, topic.partitions, replication, topic_configs=topic.config) for topic in missing]
        )
        for name, code, *message in response.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise for_code(code)(f"topic {name}: {message}")
        return [topic.name for topic in missing]
    finally:
        await admin.close()
