"""Records that many send at once: all arrive, each key's in order, and a failure reaches whoever waits."""

import asyncio
import os
import signal
from typing import Any
from uuid import uuid4

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError

from shared.kafka import create_producer, create_topics, send_records
from shared.settings import ServiceSettings
from shared.topics import Topic
from tests.waiting import until

pytestmark = pytest.mark.stack

SENDER_COUNT = 64
BATCH_COUNT = 5
KEYS = [f"k{number}".encode() for number in range(20)]


@pytest.fixture
async def topic(line_settings: ServiceSettings) -> str:
    """A topic of one partition, which everybody wants to send to."""
    topic = Topic(f"test.{uuid4().hex[:10]}", "test", "key", (), (), (), partitions=1)
    await create_topics(line_settings.broker, [topic])
    return topic.name


async def read(settings: ServiceSettings, topic: str, count: int) -> list[tuple[bytes, bytes]]:
    """The first `count` records of a topic of one partition."""
    consumer = AIOKafkaConsumer(**settings.broker.options, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        async with asyncio.timeout(180):
            return [(record.key, record.value) for record in [await consumer.getone() for _ in range(count)]]
    finally:
        await consumer.stop()


async def stopped(pid: int) -> bool:
    """Whether no thread of a process runs any more."""
    return all(one.status() == psutil.STATUS_STOPPED for one in map(psutil.Process, thread_ids(pid)))


def thread_ids(pid: int) -> list[int]:
    return [one.id for one in psutil.Process(pid).threads()]


async def test_many_senders_share_batches_and_keep_the_order_of_each(
    line_settings: ServiceSettings, line_producer: AIOKafkaProducer, topic: str
) -> None:
    async def send(sender: int) -> None:
        for batch in range(BATCH_COUNT):
            await send_records(line_producer, [(topic, key, f"{sender} {batch}".encode()) for key in KEYS])

    await asyncio.gather(*(send(sender) for sender in range(SENDER_COUNT)))
    records = await read(line_settings, topic, SENDER_COUNT * BATCH_COUNT * len(KEYS))
    for key in KEYS:
        values = [value.decode().split() for found, value in records if found == key]
        for sender in range(SENDER_COUNT):
            mine = [int(batch) for one, batch in values if int(one) == sender]
            assert mine == list(range(BATCH_COUNT)), (key, sender)


async def test_whoever_gives_up_does_not_take_the_others_records_along(
    line_settings: ServiceSettings, line_producer: AIOKafkaProducer, topic: str
) -> None:
    await send_records(line_producer, [(topic, b"a", b"0")])  # the partitions are known from here on
    giving_up = asyncio.create_task(send_records(line_producer, [(topic, b"a", b"1")]))
    staying = asyncio.create_task(send_records(line_producer, [(topic, b"b", b"2")]))
    await asyncio.sleep(0)
    giving_up.cancel()
    await staying
    with pytest.raises(asyncio.CancelledError):
        await giving_up
    assert await read(line_settings, topic, 3) == [(b"a", b"0"), (b"a", b"1"), (b"b", b"2")]


async def test_a_record_larger_than_a_batch_is_refused_and_others_are_sent(
    line_settings: ServiceSettings, line_producer: AIOKafkaProducer, topic: str
) -> None:
    with pytest.raises(MessageSizeTooLargeError):
        await send_records(line_producer, [(topic, b"a", bytes(3 * 1024 * 1024))])
    await send_records(line_producer, [(topic, b"a", b"small")])
    assert await read(line_settings, topic, 1) == [(b"a", b"small")]


async def test_a_failure_reaches_everybody_who_waits(line_settings: ServiceSettings, topic: str) -> None:
    producer = create_producer(line_settings.broker, request_seconds=5.0)
    await producer.start()
    await send_records(producer, [(topic, b"a", b"1")])
    await producer.stop()
    sending = [send_records(producer, [(topic, b"a", b"2")]) for _ in range(3)]
    failures = await asyncio.gather(*sending, return_exceptions=True)
    assert all(isinstance(one, Exception) for one in failures), failures


async def test_what_was_given_up_does_not_pile_up_while_the_broker_is_away(
    stack: Any, line_settings: ServiceSettings, line_producer: AIOKafkaProducer, topic: str
) -> None:
    """Whoever gave up sends its records again; all the earlier copies would be sent as well."""
    await send_records(line_producer, [(topic, b"a", b"before")])
    broker = stack.state.pids["kafka"]
    os.kill(broker, signal.SIGSTOP)
    try:
        await until(lambda: stopped(broker))  # the signal is on its way when kill returns
        for _ in range(5):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await send_records(line_producer, [(topic, key, b"again") for key in KEYS])
    finally:
        os.kill(broker, signal.SIGCONT)
    await send_records(line_producer, [(topic, b"a", b"after")])
    records = await read(line_settings, topic, len(KEYS) + 2)
    # Only the first copy was on its way.
    assert [value for _, value in records] == [b"before", *[b"again"] * len(KEYS), b"after"]
