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
    # As many of either arm, whoever was drawn: by chance one could have so many more that it would tell.
    active = {name for arm in (out, set(members) - out) for name in sorted(arm)[::3]}
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


async def test_each_audience_is_compared_by_who_was_in_it_when_it_began(
    world: Any, api: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    """Who is in two is in both; one person is in what any of theirs is in; of few members nothing is shown."""
    audiences = [{"id": name, "title": name.title()} for name in ("helpers", "makers", "few", "nobody")]
    some = ["helpers", "few"]
    document = {
        "audiences": audiences,
        "campaigns": [campaign("spring", -20, -10), campaign("for-some", -20, -10, audiences=some)],
        "rules": [],
    }
    await world.handle(on_programmes, world.programme_fact(1, document, NOW - timedelta(days=60)))
    members = [f"m{number}" for number in range(20)]
    facts = [world.event(f"before {name}", name, at=NOW - timedelta(days=30)) for name in members]
    facts += [world.event(f"in it {name}", name, at=NOW - timedelta(days=15)) for name in members[::2]]
    await world.handle(on_events, *facts)
    began, later = (NOW - timedelta(days=40) - NOON).days, (NOW - timedelta(days=15) - NOON).days
    turns = [turn(world, name, 1, audience="helpers", days=began) for name in members[:14]]
    turns += [turn(world, name, 1, audience="makers", days=began) for name in members[8:18]]
    turns += [turn(world, name, 1, audience="few", days=began) for name in members[18:20]]
    turns += [
        turn(world, members[0], 2, audience="helpers", days=later),
        turn(world, members[19], 1, audience="makers", days=later),
    ]
    await world.handle(on_audiences, *turns)

    def is_out(name: str, campaign_id: str = "spring") -> bool:
        return is_held_out(world.community, campaign_id, world.uuid(name), percent=PERCENT)

    helpers, makers = {*members[:14]}, {*members[8:18]}
    # One of the makers is one person with a helper who was not active, and is drawn alike.
    alike = [(one, other) for one in members[1:8:2] for other in members[14:18] if is_out(one) == is_out(other)]
    for one, other in alike[:1]:
        await Merging(world, on_members).merge(one, other)
        helpers = helpers - {one} | {other}
    await measured(world, pool)
    found = (await api.get("/v1/lift/campaigns/spring")).json()["audiences"]
    among = {"helpers": helpers, "makers": makers}
    assert {one["audience_id"] for one in found} == among.keys()
    active = set(members[::2])
    for one in found:
        theirs = among[one["audience_id"]]
        for arm, drawn in (
            ("held_out", filter(is_out, theirs)),
            ("treated", (n for n in theirs if not is_out(n))),
        ):
            those = set(drawn)
            assert (one[arm]["members"], one[arm]["active"]) == (len(those), len(those & active)), one
        assert one["title"] == one["audience_id"].title()
        assert one["verdict"] is not None
    # Of the one for some, those of the makers who could get something from it are helpers too.
    of_some = (await api.get("/v1/lift/campaigns/for-some")).json()["audiences"]
    of_makers = next(one for one in of_some if one["audience_id"] == "makers")
    counted = [of_makers[name]["members"] for name in ("treated", "held_out")] + [of_makers["left_out_members"]]
    assert sum(counted) == len(helpers & makers)


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
