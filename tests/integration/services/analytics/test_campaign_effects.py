"""What a campaign brings about, counted in the database by the same lot as scoring draws."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.analytics.effects import store
from services.analytics.effects.handlers import measure
from services.analytics.intake.handlers import on_audiences, on_events, on_members
from services.analytics.programmes.handlers import on_programmes
from shared.contracts.drawing import is_held_out
from tests.integration.services.analytics.test_audiences_followed import turn
from tests.integration.services.merging import Merging
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

NOW = datetime.now(UTC)
PERCENT = 50


def campaign(campaign_id: str, first: int, last: int, **more: Any) -> dict[str, Any]:
    days = {"starts": NOW.date() + timedelta(days=first), "ends": NOW.date() + timedelta(days=last)}
    return {
        "id": campaign_id,
        "title": campaign_id,
        "holdout_percent": PERCENT,
        **{name: day.isoformat() for name, day in days.items()},
        **more,
    }


async def measured(world: Any, pool: asyncpg.Pool) -> None:
    await pool.execute("update effect_checks set checked_at = null where community = $1", world.community)
    async with world.begin() as tx:
        while await measure(tx):
            pass


async def test_arms_are_those_that_scoring_draws_and_who_is_in_both_is_in_neither(
    world: Any, api: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    rule = {"id": "r", "title": "R", "on": ["forum.post.v1"], "points": 5, "campaign": "spring"}
    document = {
        "campaigns": [
            campaign("spring", -20, -10),
            campaign("later", 5, 9),
            campaign("some", -20, -10, audiences=["partners"]),
        ],
        "rules": [rule],
    }
    await world.handle(on_programmes, world.programme_fact(1, document, NOW - timedelta(days=60)))
    members = [f"m{number}" for number in range(24)]
    out = {name for name in members if is_held_out(world.community, "spring", world.uuid(name), percent=PERCENT)}
    assert 2 < len(out) < 22
    active = {name for number, name in enumerate(members) if number % 3 == 0}
    facts = [world.event(f"before {name}", name, at=NOW - timedelta(days=30)) for name in members]
    facts += [world.event(f"in it {name}", name, at=NOW - timedelta(days=15)) for name in sorted(active)]
    # Who came only with it could not have been drawn before, and who was there long ago may have left.
    facts.append(world.event("new", "new", at=NOW - timedelta(days=15)))
    facts.append(world.event("old", "old", at=NOW - timedelta(days=200)))
    facts.append(world.event("gone", "gone", at=NOW - timedelta(days=15)))
    facts.append(world.retraction("gone"))
    await world.handle(on_events, *facts)
    stays, goes = sorted(out)[0], sorted(set(members) - out)[0]
    await Merging(world, on_members).merge(stays, goes)
    await measured(world, pool)
    items = {one["campaign_id"]: one for one in (await api.get("/v1/lift/campaigns")).json()["items"]}
    # Nobody is known to have been among the partners.
    assert (items["some"]["treated"]["members"], items["some"]["held_out"]["members"]) == (0, 0)
    assert set(items) == {"later", "some", "spring"}
    spring = items["spring"]
    apart = {stays, goes}
    for arm, drawn in (("held_out", out - apart), ("treated", set(members) - out - apart)):
        assert spring[arm]["members"] == len(drawn)
        assert spring[arm]["active"] == len(drawn & active)
    assert (spring["state"], spring["left_out_members"]) == ("over", 1)
    assert spring["verdict"] == "too_small_to_tell"
    assert spring["is_too_small"]
    assert spring["price"]["points"] == 0
    later = (await api.get("/v1/lift/campaigns/later", params={"wished_points": 100})).json()
    assert (later["state"], later["verdict"], later["price"]) == ("planned", None, None)
    assert later["detectable_points"] > 5
    assert (later["is_too_small"], items["later"]["is_too_small"]) == (False, True)
    missing = await api.get("/v1/lift/campaigns/none")
    assert missing.json()["type"] == "urn:plaudit:problem:unmeasured-campaign"
    page = (await api.get("/v1/lift/campaigns", params={"limit": 1})).json()
    rest = (await api.get("/v1/lift/campaigns", params={"after": page["next"]})).json()
    assert [one["campaign_id"] for one in rest["items"]] == ["some", "spring"]


async def test_of_one_for_audiences_are_compared_who_was_in_them_when_it_began(
    world: Any, api: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    """Who left before it began is not among them; who left in it, or came into it then, stays as they were."""
    document = {"campaigns": [campaign("spring", -20, -10, audiences=["helpers", "makers"])], "rules": []}
    await world.handle(on_programmes, world.programme_fact(1, document, NOW - timedelta(days=60)))
    members = [f"m{number}" for number in range(12)]
    facts = [world.event(f"before {name}", name, at=NOW - timedelta(days=30)) for name in members]
    facts += [world.event(f"in it {name}", name, at=NOW - timedelta(days=15)) for name in members[:6]]
    await world.handle(on_events, *facts)

    def days(ago: int) -> int:
        return (NOW - timedelta(days=ago) - NOON).days

    turns = [turn(world, name, 1, days=days(40)) for name in members[:8]]
    turns += [turn(world, members[0], 2, days=days(25)), turn(world, members[1], 2, days=days(15))]
    turns += [turn(world, members[9], 1, days=days(15))]
    await world.handle(on_audiences, *turns)
    await measured(world, pool)
    found = (await api.get("/v1/lift/campaigns/spring")).json()
    among = set(members[1:8])
    out = {name for name in among if is_held_out(world.community, "spring", world.uuid(name), percent=PERCENT)}
    assert (found["held_out"]["members"], found["treated"]["members"]) == (len(out), len(among - out))
    active = set(members[:6])
    assert found["held_out"]["active"] + found["treated"]["active"] == len(among & active)


async def test_what_takes_too_long_is_left_out_until_the_next_time(
    world: Any, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def takes_too_long(*_: Any, **__: Any) -> Any:
        raise TimeoutError

    document = {"campaigns": [campaign("spring", -20, -10)], "rules": []}
    await world.handle(on_programmes, world.programme_fact(1, document, NOW - timedelta(days=60)))
    counted = "select count(*) from campaign_effects where community = $1"
    checked = "select checked_at is not null from effect_checks where community = $1"
    with monkeypatch.context() as patch:
        patch.setattr(store, "count", takes_too_long)
        await measured(world, pool)
        assert await pool.fetchval(checked, world.community)
        assert await pool.fetchval(counted, world.community) == 0
    await measured(world, pool)
    assert await pool.fetchval(counted, world.community) == 1
