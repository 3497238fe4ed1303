"""What somebody should know of a community is told once a day at most, and told when it is over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from services.analytics.alerts.handlers import watch
from services.analytics.intake.handlers import on_events
from services.analytics.programmes.handlers import on_programmes
from shared.topics import ALERTS

pytestmark = pytest.mark.stack

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=400)


async def told(world: Any, pool: asyncpg.Pool, *, days: int = 0) -> list[tuple[str, str, str]]:
    """Look at the community's alerts so many days on; what was told of them by that, oldest first."""
    await pool.execute("update alert_checks set checked_at = null where community = $1", world.community)
    async with world.begin() as tx:
        tx.now = NOW + timedelta(days=days)
        while await watch(tx):
            pass
    facts = [orjson.loads(one["value"]) for one in await world.outbox() if one["topic"] == ALERTS.name]
    return [(fact["data"]["name"], fact["data"]["about"], fact["data"]["state"]) for fact in facts]


def goal(**more: Any) -> dict[str, Any]:
    starts, ends = NOW.date() - timedelta(days=10), NOW.date() + timedelta(days=19)
    window = {"starts": starts.isoformat(), "ends": ends.isoformat()}
    return {
        "id": "heard",
        "title": "Heard",
        "metric": "mentions",
        "target": 120,
        "owner": "Team",
        **window,
        **more,
    }


def programme(world: Any, version: int, since: datetime, *goals: dict[str, Any]) -> Any:
    return world.programme_fact(version, {"rules": [], "goals": list(goals)}, since)


def shares(world: Any, count: int) -> list[Any]:
    return [
        world.event(f"s{one}", kind="social.share.v1", channel="social", at=NOW - timedelta(days=1 + one % 10))
        for one in range(count)
    ]


async def test_a_goal_off_its_target_is_told_once_and_is_over_with_it(
    world: Any, api: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    await world.handle(on_programmes, programme(world, 1, LONG_AGO, goal()))
    await world.handle(on_events, *shares(world, 30))
    alerts = await told(world, pool)
    assert ("goal_off_target", "heard", "raised") in alerts
    # All that was heard came by one channel, and a goal is not on pace: the scorecard has that.
    assert ("indicator_red", "goals_on_pace", "raised") in alerts
    assert await told(world, pool) == []

    page = (await api.get("/v1/alerts", params={"limit": 1, "state": "raised"})).json()
    found = [*page["items"]]
    while page["next"]:
        page = (await api.get("/v1/alerts", params={"limit": 1, "state": "raised", "after": page["next"]})).json()
        found += page["items"]
    assert sorted((one["name"], one["about"], one["state"]) for one in found) == sorted(alerts)
    (stands,) = [one for one in found if one["name"] == "goal_off_target"]
    assert stands["values"] == {
        "title": "Heard",
        "state": "off_pace",
        "actual": "30",
        "target": "120",
        "forecast": "90",
    }

    await world.handle(on_programmes, programme(world, 2, NOW - timedelta(minutes=1), goal(target=30)))
    assert await told(world, pool) == []
    after = await told(world, pool, days=1)
    assert ("goal_off_target", "heard", "cleared") in after
    assert (await api.get("/v1/alerts", params={"state": "unheard-of"})).status_code == 422


async def test_what_lineage_lost_is_told_of_the_community_alone_once_it_should_have_arrived(
    world: Any, pool: asyncpg.Pool
) -> None:
    await world.handle(on_programmes, programme(world, 1, LONG_AGO))
    await pool.execute("update lineage_watch set behind_at = null")
    await pool.execute(
        "insert into lineage_orphans (community, link, key, found_at) values ($1, 'awards', $2, $3)",
        world.community,
        [world.uuid("lost"), world.community],
        NOW - timedelta(minutes=50),
    )
    try:
        assert await told(world, pool) == []
        assert await told(world, pool, days=1) == [("lineage_lost", "awards", "raised")]
    finally:
        await pool.execute("delete from lineage_orphans where community = $1", world.community)
    assert await told(world, pool, days=2) == [("lineage_lost", "awards", "cleared")]
