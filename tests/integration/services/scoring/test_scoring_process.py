"""The whole service on a real broker: events in, awards out, and nothing twice when it starts again."""

from typing import Any

import asyncpg
import orjson
import pytest

from services.scoring.main import SPEC
from services.scoring.settings import Settings
from shared.contracts.facts import ACCEPTED_EVENT, POINTS_AWARDED
from shared.topics import EVENTS, POINTS, record_key
from tests.integration.services.process import read, running, send
from tests.waiting import until

pytestmark = pytest.mark.stack


async def send_events(stack: Any, events: list[Any]) -> None:
    for event in events:
        ACCEPTED_EVENT.validate_json(orjson.dumps(event))
    await send(stack.state, [(EVENTS, record_key(event["community"], event["member"]), event) for event in events])


async def until_consumed(pool: asyncpg.Pool, world: Any, events: int) -> None:
    async def consumed() -> bool:
        query = "select count(*) from activities where community = $1"
        return int(await pool.fetchval(query, world.community)) >= events

    await until(consumed)


async def test_events_become_awards_and_a_restart_repeats_nothing(
    stack: Any, pool: asyncpg.Pool, world: Any
) -> None:
    settings = Settings(**stack.settings("scoring"))
    await world.publish()
    members = [f"m{number}" for number in range(20)]

    async def has_all() -> bool:
        rows = await world.awards()
        return sum(row["points"] for row in rows) == 499 + 200 and any(row["cause"] == "retracted" for row in rows)

    events = [world.event(str(n), members[n % 20], members[(n + 1) % 20]) for n in range(500)]
    async with running(SPEC, settings):
        await send_events(stack, events[:300])
        # The same records once more, as a producer that was not sure would send them.
        await send_events(stack, events[200:300])
        await until_consumed(pool, world, 300)
    async with running(SPEC, settings):
        await send_events(stack, [*events[300:], world.retraction("0")])
        await until_consumed(pool, world, 500)
        # 499 for writing, without event 0; each of 20 members has 10, whoever's turn it was when.
        await until(has_all)
        records = await read(stack.state, POINTS, world.community, len(await world.awards()))

    facts = [(record.key, POINTS_AWARDED.adapter.validate_json(record.value)) for record in records]
    stored = {str(row["award_id"]): row["points"] for row in await world.awards()}
    assert {fact["data"]["award_id"]: fact["data"]["points"] for _, fact in facts} == stored
    assert len(facts) == len(stored) >= 499 + 80 + 2
    assert sum(stored.values()) == 499 + 200
    assert all(key == record_key(world.community, fact["data"]["member_id"]) for key, fact in facts)
