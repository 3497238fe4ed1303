"""Audiences, campaigns, teams and drafts as somebody meets them who wants to break them."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from random import Random
from typing import Any

import httpx
import pytest

from services.scoring.audiences.handlers.deciding import on_members
from shared.followed_communities.store import put_communities
from tests.integration.services.merging import Merging
from tests.integration.services.scoring.test_audiences import look, told, turns
from tests.integration.services.scoring.test_campaign_budgets import TODAY, awarded, publish, spent
from tests.integration.services.scoring.test_limits import all_settled
from tests.integration.services.world import NOON, add_person

__all__ = ["publish"]
pytestmark = pytest.mark.stack

ENDS = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")
AUDIENCES = """
programme: demo
title: Demo
attributes:
  - {id: country, title: Country, for_rules: true}
audiences:
  - {id: gold, title: Gold, when: 'member.country == "gold"'}
  - id: chorus
    title: Chorus
    when: member.sung >= 1 && member.idle < 30
    measures: [{id: sung, of: awards, rule: sing, days: 30}, {id: idle, of: days_since_last}]
rules:
  - {id: write, title: Wrote, on: [chat.message.v1], points: 1}
  - {id: sing, title: Sang, on: [chat.message.v1], points: 5, audiences: [chorus]}
"""
TEAM = """
programme: demo
title: Demo
campaigns:
  - {{id: spring, title: Spring, starts: {starts}, ends: {ends}, budget: {{points: 73, per_day: 61}}}}
rules:
  - {{id: team, title: Together, on: [chat.message.v1], points: 10, to: team, split: equal, daily_cap: 12,
     campaign: spring}}
  - {{id: each, title: Helped, on: [chat.message.v1], points: 2, to: contributors, daily_cap: 5, campaign: spring}}
"""


def moments() -> Iterator[dict[str, str]]:
    for at, known_at in product((None, *ENDS), repeat=2):
        yield {name: value for name, value in (("at", at), ("known_at", known_at)) if value is not None}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
async def test_both_ends_of_time_can_be_asked_for(world: Any, api: httpx.AsyncClient, zone: str) -> None:
    await world.publish(AUDIENCES)
    said: Any = {"revision": 1, "calendar": [{"time_zone": zone, "week_start": "monday"}]}
    async with world.pool.acquire() as conn:
        await put_communities(conn, data={world.community: said})
    await world.handle(on_members, told(world, "ann", 1, (NOON, "gold")))
    await world.score(world.event("1"))
    ann = world.uuid("ann")
    for path in (f"/v1/members/{ann}/score", f"/v1/members/{ann}/audiences", "/v1/audiences/chorus/members"):
        for params in moments():
            answer = await api.get(path, params=params)
            expected = {200, 404} if path.startswith("/v1/audiences") else {200}
            assert answer.status_code in expected, (path, params, answer.text)


async def test_an_audience_of_who_had_what_it_alone_is_given_stays_empty(world: Any) -> None:
    await world.publish(AUDIENCES)
    await world.handle(on_members, told(world, "ann", 1))
    for number in range(3):
        await world.score(world.event(f"{number}"))
        await look(world)
    assert await turns(world) == []
    assert await world.totals() == {(world.uuid("ann"), "write"): 3}


async def test_teams_merges_and_retractions_never_pass_a_campaigns_budget(world: Any, publish: Any) -> None:
    starts, ends = (TODAY - timedelta(days=4)).date(), (TODAY + timedelta(days=5)).date()
    await publish(TEAM.format(starts=starts, ends=ends))
    rng, merging = Random(11), Merging(world, on_members)
    names = "abcdef"
    for number in range(40):
        who = rng.sample(names, rng.randrange(1, 5))
        more = {f"contributor{place}": world.uuid(one) for place, one in enumerate(who[1:], 1)}
        at = TODAY - timedelta(hours=rng.randrange(60))
        await world.score(world.event(f"{number:02}", who[0], None, time=at, **more))
        if number % 7 == 3:
            target = world.uuid(f"event {rng.randrange(number):02}")
            kind = rng.choice(["activity.retracted.v1", "activity.restored.v1"])
            by = rng.choice(names)
            await world.score(world.event(f"said {number:02}", by, None, type=kind, time=TODAY, targetuid=target))
        if number in (15, 30):
            await merging.merge("b", "a")
        if number == 22:
            await merging.unmerge("b")
        await all_settled(world)
        assert await spent(world) == await awarded(world), number
        assert (await spent(world)).get("all", 0) <= 73
    assert (await spent(world))["all"] > 60


async def test_a_draft_that_is_deleted_while_it_is_saved_is_gone_or_said_to_be_changed(
    world: Any, clients: Any
) -> None:
    scopes = ("programmes:write", "programmes:read")
    ada, bob = [await clients(*scopes, person_id=await add_person(world.pool, world.community)) for _ in range(2)]
    for number in range(6):
        draft = (await ada.post("/v1/programme-drafts", json={"title": "One", "text": world.rules})).json()
        path = f"/v1/programme-drafts/{draft['draft_id']}"
        calls = [
            ada.put(path, json={"title": "One", "text": f"# {number}", "revision": 1}),
            bob.delete(path, params={"revision": 1}),
            bob.put(path, json={"title": "Two", "text": f"# b {number}", "revision": 1}),
            ada.post(f"{path}/submit", json={"revision": 1, "note": "More"}),
        ]
        answers = await asyncio.gather(*calls)
        codes = [answer.status_code for answer in answers]
        assert sum(code < 300 for code in codes) == 1, codes
        assert set(codes) <= {200, 201, 202, 204, 404, 409}, [answer.text for answer in answers]


async def test_an_audience_that_something_needs_does_not_go_and_one_that_goes_is_left(
    world: Any, clients: Any
) -> None:
    world.configure(programme_lead_seconds=0)
    client = await clients("programmes:write", "programmes:read")
    text = AUDIENCES.replace("rule: sing", "rule: write")
    await world.publish(text)
    await world.handle(on_members, told(world, "ann", 1, (NOON, "gold")))
    await world.score(world.event("1", time=TODAY - timedelta(days=1)))
    await look(world)
    assert {(what, audience) for what, _, audience, _ in await turns(world)} == {
        ("entered", "chorus"),
        ("entered", "gold"),
    }
    without = "\n".join(line for line in text.splitlines() if "id: gold" not in line)
    catalogue = "\nrewards: {catalogue: [{id: mug, title: Mug, points: 5, audience: gold}]}\n"
    headers = {"Content-Type": "application/yaml"}
    refused = await client.post(
        "/v1/programmes", params={"note": "x"}, content=without + catalogue, headers=headers
    )
    assert refused.status_code == 422, refused.text
    assert [one["field"] for one in refused.json()["errors"]] == ["/rewards/catalogue/0/audience"]
    gone = await client.post("/v1/programmes", params={"note": "x"}, content=without, headers=headers)
    assert gone.status_code == 201, gone.text
    await look(world)
    assert [(what, audience) for what, _, audience, _ in await turns(world)] == [("left", "gold")]
    back = text.replace('member.country == "gold"', 'member.country == "silver"')
    assert (await client.post("/v1/programmes", params={"note": "x"}, content=back, headers=headers)).is_success
    await look(world)
    assert await turns(world) == []
