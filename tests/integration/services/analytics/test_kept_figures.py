"""Networks, response times and topics of many are counted by a timer, say the same, and say when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.analytics.intake.handlers import on_events
from services.analytics.network.handlers import keep_networks
from services.analytics.response_times.handlers import keep_times
from tests.integration.services.analytics.test_response_times import replying
from tests.integration.services.analytics.test_retention import declare, event

pytestmark = pytest.mark.stack

USUAL: tuple[tuple[str, dict[str, str]], ...] = (
    ("/v1/network", {}),
    ("/v1/response-times", {"by": "week"}),
    ("/v1/question-topics", {}),
)
CHECKS = {"network_checks": keep_networks, "response_checks": keep_times}


@pytest.fixture
def many(world: Any) -> None:
    """One tie and one question are many; said before the API begins."""
    world.configure(kept_figures_min_count=1)


async def count_again(world: Any, pool: asyncpg.Pool) -> None:
    for table, keep in CHECKS.items():
        await pool.execute(f"insert into {table} (community) values ($1) on conflict do nothing", world.community)
        await pool.execute(f"update {table} set checked_at = null where community = $1", world.community)
        waits = f"select checked_at is null from {table} where community = $1"
        while await pool.fetchval(waits, world.community):
            async with world.begin() as tx:
                await keep(tx)


async def shown(api: httpx.AsyncClient, path: str, **asked: Any) -> tuple[Any, bool]:
    """What a figure is, and whether it was counted before."""
    answer = await api.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found, found.pop("counted_at") is not None


async def test_what_a_timer_counted_is_what_is_counted_when_it_is_asked(
    world: Any, many: None, api: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    now = datetime.now(UTC)
    # Where it is neither late nor early, so that it stays one day.
    calendar = await declare(world, "UTC" if 2 <= now.hour < 20 else "Asia/Tokyo")
    day = calendar.day_of(now)
    windows = [
        {"from": (day - timedelta(days=days - 1)).isoformat(), "to": day.isoformat()} for days in (7, 30, 90)
    ]
    facts: list[Any] = []
    for number in range(14):
        asked = now - timedelta(days=5 * number + 1)
        question = event(world, calendar, f"q{number}", f"m{number % 4}", asked, "forum.post.v1", "forum")
        question["data"]["topic"] = ("Gears", "Lathes")[number % 2]
        facts.append(question)
        if number % 3:
            to = {"replymember": world.uuid(f"m{number % 4}")}
            at = asked + timedelta(hours=number)
            facts.append(replying(world, calendar, f"r{number}", f"m{4 + number % 5}", at, f"q{number}", **to))
    await world.handle(on_events, *facts)
    await world.settle()

    async def everything() -> tuple[list[Any], set[bool]]:
        found: list[Any] = []
        kept: set[bool] = set()
        for window in windows:
            for path, more in USUAL:
                one, is_kept = await shown(api, path, **window, **more)
                found.append(one)
                kept.add(is_kept)
            for path in ("/v1/bridging-members", "/v1/ties"):
                asked: dict[str, Any] = {**window, "limit": 1}
                while True:
                    page = (await api.get(path, params=asked)).json()
                    found += page["items"]
                    if page["next"] is None:
                        break
                    asked["after"] = page["next"]
        return found, kept

    live, is_kept = await everything()
    assert is_kept == {False}
    assert any("cut_off" in one for one in live)
    assert any(one.get("is_mutual") is not None for one in live)
    assert any(one.get("to_write") for one in live)
    await count_again(world, pool)
    assert await everything() == (live, {True})

    # What is new comes with the next count; what nobody keeps is counted as it is asked for.
    late = event(world, calendar, "late", "m1", now - timedelta(minutes=2), "forum.post.v1", "forum")
    await world.handle(
        on_events,
        late,
        event(world, calendar, "new", "m9", now, "kudos.given.v1", "forum", objectmember=world.uuid("z")),
    )
    await world.settle()
    assert await everything() == (live, {True})
    for path, more in (
        ("/v1/network", {"kind": "answers"}),
        ("/v1/question-topics", {"channel": "forum"}),
        ("/v1/response-times", {"by": "month"}),
        ("/v1/response-times", {"channel": "forum"}),
        ("/v1/response-times", {"within_hours": 48}),
        ("/v1/response-times", {"from": (day - timedelta(days=88)).isoformat()}),
    ):
        assert not (await shown(api, path, **{**windows[1], **more}))[1]
    await count_again(world, pool)
    (network, *_), _ = await everything()
    assert network["members"] == live[0]["members"] + 2

    # Where there are few again nothing is kept.
    world.configure(kept_figures_min_count=1_000)
    await count_again(world, pool)
    assert (await everything())[1] == {False}
    for table in ("kept_answers", "kept_bridges", "kept_ties"):
        assert not await pool.fetchval(f"select count(*) from {table} where community = $1", world.community)
