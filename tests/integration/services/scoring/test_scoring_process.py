"""The whole service on a real broker: events in, awards out, and nothing twice when it starts again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.scoring.main import SPEC
from services.scoring.settings import Settings
from shared.contracts.facts import ACCEPTED_EVENT, POINTS_AWARDED
from shared.kafka import create_producer, send_records
from shared.service import Parts
from shared.topics import EVENTS, POINTS, record_key

DEADLINE_SECONDS = 60

pytestmark = pytest.mark.stack


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Parts]:
    parts = Parts(SPEC, settings, "all")
    await parts.start()
    try:
        yield parts
    finally:
        await parts.stop()


async def awards_on_the_topic(settings: Settings, community: str, count: int) -> list[Any]:
    """Every award of the community on the topic, once there are `count`."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, auto_offset_reset="earliest")
    await consumer.start()
    found: list[Any] = []
    try:
        consumer.assign([TopicPartition(POINTS.name, partition) for partition in range(POINTS.partitions)])
        await consumer.seek_to_beginning()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(found) < count:
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    found += [
                        (record.key, POINTS_AWARDED.adapter.validate_json(record.value))
                        for record in batch
                        if record.key.startswith(f"{community}|".encode())
                    ]
    finally:
        await consumer.stop()
    return found


async def send(settings: Settings, events: list[Any]) -> None:
    producer = create_producer(settings.kafka, request_seconds=20)
    await producer.start()
    try:
        for event in events:
            ACCEPTED_EVENT.validate_json(orjson.dumps(event))
        records = [
            (EVENTS.name, record_key(event["community"], event["member"]), orjson.dumps(event)) for event in events
        ]
        await send_records(producer, records)
    finally:
        await producer.stop()


async def until_consumed(pool: asyncpg.Pool, world: Any, events: int) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        query = "select count(*) from activities where community = $1"
        while await pool.fetchval(query, world.community) < events:
            await asyncio.sleep(0.02)


async def test_events_become_awards_and_a_restart_repeats_nothing(
    stack: Any, pool: asyncpg.Pool, world: Any
) -> None:
    settings = Settings(**stack.settings)
    await world.publish()
    members = [f"m{number}" for number in range(20)]
    events = [world.event(str(n), members[n % 20], members[(n + 1) % 20]) for n in range(500)]
    async with running(settings):
        await send(settings, events[:300])
        # The same records once more, as a producer that was not sure would send them.
        await send(settings, events[200:300])
        await until_consumed(pool, world, 300)
    async with running(settings):
        await send(settings, [*events[300:], world.retraction("0")])
        await until_consumed(pool, world, 500)
        # 500 for writing; each of 20 members has room for 3 + 3 + 3 + 1; and the retraction of event 0.
        facts = await awards_on_the_topic(settings, world.community, 500 + 80 + 2)

    stored = {str(row["award_id"]): row["points"] for row in await world.awards()}
    assert {fact["data"]["award_id"]: fact["data"]["points"] for _, fact in facts} == stored
    assert len(facts) == len(stored) == 582
    assert sum(stored.values()) == 500 + 200 - 1 - 3
    assert all(key == record_key(world.community, fact["data"]["member_id"]) for key, fact in facts)
