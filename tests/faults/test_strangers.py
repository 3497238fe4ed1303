"""Strangers at the broker while events come in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.broker import Broker
from shared.topics import ACCESS_KEYS, EVENTS, PAYOUTS, PROGRAMMES, RAW
from tests.faults.arena import Arena
from tests.faults.conftest import quick

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]

TOPICS = [topic.name for topic in (ACCESS_KEYS, PROGRAMMES, RAW, EVENTS, PAYOUTS)]
ROUNDS_COUNT = 5


async def refused(broker: Broker, topic: str) -> int:
    """How often the broker refuses: a record to write, and the topic to read, each by a new connection."""
    count = 0
    producer = AIOKafkaProducer(**broker.options)
    try:
        await producer.start()
        await producer.send_and_wait(topic, b'{"type":"access_key.changed.v1"}', key=b"acme|planted")
    except KafkaError:
        count += 1
    finally:
        await producer.stop()
    consumer = AIOKafkaConsumer(topic, **broker.options, auto_offset_reset="earliest")
    try:
        await consumer.start()
        assert not await consumer.getmany(timeout_ms=200)
    except KafkaError:
        count += 1
    finally:
        await consumer.stop()
    return count


@asynccontextmanager
async def strangers(arena: Arena) -> AsyncIterator[None]:
    """Within this, clients with no login, or a guessed one, ask for all that is dear, in vain."""
    logins = [
        replace(arena.state.broker, user=user, password=password)
        for user, password in (("", ""), ("plaudit-ingest", "guessed"), ("nobody", "guessed"))
    ]

    async def knock(login: Broker) -> int:
        return sum([await refused(login, topic) for _ in range(ROUNDS_COUNT) for topic in TOPICS])

    knocking = asyncio.gather(*map(knock, logins))
    try:
        yield
        assert sum(await knocking) == 2 * len(logins) * len(TOPICS) * ROUNDS_COUNT
    finally:
        knocking.cancel()
        await asyncio.gather(knocking, return_exceptions=True)


@quick
async def test_strangers_at_the_broker(platform_under_faults: Arena) -> None:
    """Nobody without a login writes or reads anything, and whoever knocks all the time delays nobody for long."""
    arena = platform_under_faults
    async with arena.run("38 strangers at the broker") as run:
        await run.moment()
        async with strangers(arena):
            run.recovers()
            await run.recovery_done()
