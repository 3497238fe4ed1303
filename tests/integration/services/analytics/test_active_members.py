"""How many members were active: exact, whatever comes in which order, and whoever else moves their days."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.analytics.intake.handlers import on_events
from shared.calendars import Calendar

pytestmark = pytest.mark.stack

FIRST = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAYS = 110
MEMBERS = ("ada", "bob", "cleo", "dan")
CHANNELS = ("chat", "code", "forum")


def history(world: Any, chance: random.Random) -> tuple[list[Any], set[tuple[date, str, str]]]:
    """Events with some of them taken back and some of those restored, and who was active where on which days."""
    events, decisions, active = [], [], set()
    for number in range(90):
        # Some days in a row, some far apart: gaps below, at and above what is told apart.
        day = chance.choice((chance.randrange(DAYS), chance.randrange(8), chance.choice((20, 50, 51, 81, 82))))
        at, member = FIRST + timedelta(days=day), chance.choice(MEMBERS)
        channel = chance.choice(CHANNELS)
        events.append(world.event(str(number), member, channel=channel, at=at))
        fate = chance.random()
        if fate < 0.4:
            decisions.append(world.retraction(str(number), at + timedelta(hours=1)))
        if fate < 0.15:
            decisions.append(world.restoration(str(number), at + timedelta(hours=2)))
        if not 0.15 <= fate < 0.4:
            active.add((at.date(), member, channel))
    facts = [*events, *decisions]
    facts += chance.sample(facts, 20)
    chance.shuffle(facts)
    return facts, active


async def handle(world: Any, facts: Sequence[Any], chance: random.Random) -> None:
    while facts:
        size = chance.choice((1, 2, 5, 70))
        await world.handle(on_events, *facts[:size])
        facts = facts[size:]


@pytest.mark.usefixtures("new_rows")
@pytest.mark.parametrize("seed", range(2))
async def test_active_members_are_those_of_the_facts_alone(
    world: Any, api: httpx.AsyncClient, pool: asyncpg.Pool, seed: int
) -> None:
    chance = random.Random(seed)
    facts, active = history(world, chance)
    await handle(world, facts, chance)

    calendar = Calendar()
    asked = {"from": "2025-12-20", "to": "2026-05-10", "limit": 500}
    for by in ("day", "week", "month"):
        answer = await api.get("/v1/participation", params={"by": by, **asked})
        assert answer.status_code == 200, answer.text
        for period in answer.json()["items"]:
            span = calendar.period_of(by, date.fromisoformat(period["starts_on"]))
            here = {(member, channel) for day, member, channel in active if span.starts_on <= day <= span.ends_on}
            assert period["active_members"] == len({member for member, _ in here}), (by, span)
            assert {one["channel"]: one["active_members"] for one in period["channels"]} == {
                channel: sum(where == channel for _, where in here) for channel in {where for _, where in here}
            }
        short = await api.get("/v1/active-members", params={"period": by, **asked})
        assert [one["active_members"] for one in short.json()["items"]] == [
            one["active_members"] for one in answer.json()["items"]
        ]
    rows = await pool.fetch(
        "select channel, day, gap, members from active_days where community = $1 and members <> 0", world.community
    )
    assert {(row["channel"], row["day"], row["gap"]): row["members"] for row in rows} == by_gap(active)

    await world.settle()
    new = await api.get("/v1/acquisition", params={"by": "day", **asked})
    assert {
        (date.fromisoformat(day["starts_on"]), one["channel"]): one["new_members"]
        for day in new.json()["items"]
        for one in day["channels"]
    } == Counter(firsts(active))


def firsts(active: set[tuple[date, str, str]]) -> list[tuple[date, str]]:
    """When and where each member did something first that was not taken back."""
    found = []
    for who in {member for _, member, _ in active}:
        day = min(one for one, member, _ in active if member == who)
        found.append((day, min(channel for one, member, channel in active if (one, member) == (day, who))))
    return found


def by_gap(active: set[tuple[date, str, str]]) -> dict[tuple[str, date, int], int]:
    """Each day of each member by how long before they were active before, as far as 31 days are told apart."""
    found: dict[tuple[str, date, int], int] = {}
    for channel in ("", *CHANNELS):
        for member in MEMBERS:
            days = sorted({day for day, who, where in active if who == member and channel in ("", where)})
            for before, day in zip([date.min, *days], days, strict=False):
                key = (channel, day, min(31, (day - before).days))
                found[key] = found.get(key, 0) + 1
    return found


async def test_two_workers_who_move_days_of_one_member_wait_for_one_another(
    world: Any, api: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    """A moderator's decision is in another partition than the events of its member."""
    later = FIRST + timedelta(days=1)
    await world.handle(on_events, world.event("1"), world.retraction("1", FIRST))

    async with asyncio.timeout(30), world.begin() as tx:
        await on_events(tx, [world.event("2", at=later)])
        backend = await tx.conn.fetchval("select pg_backend_pid()")
        other = asyncio.create_task(world.handle(on_events, world.restoration("1", later)))
        while not await pool.fetchval(
            "select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))", backend
        ):
            assert not other.done()
            await asyncio.sleep(0.01)
    await other

    answer = await api.get(
        "/v1/active-members", params={"period": "month", "from": "2026-01-01", "to": "2026-01-31"}
    )
    assert [month["active_members"] for month in answer.json()["items"]] == [1]
