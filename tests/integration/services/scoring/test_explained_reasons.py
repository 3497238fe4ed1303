"""Each reason for which an event earns nothing, or not yet, is said at any age, and after a merge as before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.scoring.audiences.handlers.deciding import on_members
from services.scoring.campaigns.domain.books import BookState
from services.scoring.campaigns.handlers.turning import change
from services.scoring.programmes.domain.publication import Author
from tests.integration.services.merging import Merging

pytestmark = pytest.mark.stack

#: As the database keeps times; of a day that has everything within it.
LONG_AGO = (datetime.now(UTC) - timedelta(days=365)).replace(hour=9, minute=0, second=0, microsecond=0)
PROGRAMME = """
programme: demo
title: Demo
attributes: [{id: tier, title: Tier, for_rules: true}]
audiences: [{id: gold, title: Gold, when: member.tier == "gold"}]
campaigns:
  - {id: spring, title: Spring, starts: STARTS, ends: ENDS, budget: {points: 7}}
  - {id: summer, title: Summer, starts: STARTS, ends: ENDS, budget: {points: 70}}
rules:
  - {id: limited, title: L, on: [forum.post.v1], points: 5, daily_cap: 7}
  - {id: rests, title: C, on: [forum.reply.v1], points: 5, cooldown: {minutes: 60}}
  - {id: gold-only, title: A, on: [chat.message.v1], points: 5, audiences: [gold]}
  - {id: reviewed, title: O, on: [code.review.v1], points: 5}
  - {id: spent, title: B, on: [idea.suggested.v1], points: 5, campaign: spring}
  - {id: halted, title: S, on: [content.read.v1], points: 5, campaign: summer}
  - {id: later, title: P, on: [kudos.given.v1], points: 5, pending_days: 365}
""".replace("STARTS", str((LONG_AGO - timedelta(days=1)).date())).replace("ENDS", str(LONG_AGO.date()))
KINDS = {
    "limited": "forum.post.v1",
    "rests": "forum.reply.v1",
    "gold-only": "chat.message.v1",
    "reviewed": "code.review.v1",
    "spent": "idea.suggested.v1",
    "halted": "content.read.v1",
    "later": "kudos.given.v1",
}
REASONS = {
    "limited": "limit",
    "rests": "cooldown",
    "gold-only": "audience",
    "reviewed": "own_act",
    "spent": "budget",
    "halted": "stopped",
}


async def test_each_reason_is_said_at_any_age_and_after_a_merge(
    world: Any, clients: Any, api: httpx.AsyncClient
) -> None:
    scopes = ("programmes:write", "programmes:approve", "programmes:read")
    first, second = [await clients(*scopes) for _ in range(2)]
    proposed = await first.post(
        "/v1/programmes", content=PROGRAMME.encode(), headers={"Content-Type": "application/yaml"}
    )
    assert proposed.json()["state"] == "proposed", proposed.text
    assert (await second.post("/v1/programmes/1/approve")).status_code == 200
    await world.pool.execute(
        "update programme_versions set effective_from = '1970-01-01T00:00Z' where community = $1", world.community
    )
    async with world.begin() as tx:
        by = Author(world.uuid("mia"), "Mia", None)
        await change(
            tx, community=world.community, campaign_id="summer", to=BookState.STOPPED, reason="Enough", by=by
        )
    events = {
        f"{rule} {turn}": world.event(
            f"{rule} {turn}",
            "ann",
            "ann" if rule == "reviewed" else None,
            type=kind,
            time=LONG_AGO + timedelta(minutes=turn),
            receivedat=LONG_AGO + timedelta(minutes=turn),
            data={"channel": "forum", "object": {"id": f"{rule} {turn}"}},
        )
        for rule, kind in KINDS.items()
        for turn in range(2)
    }
    await world.score(*events.values())

    async def said() -> dict[str, list[str]]:
        found = {}
        for rule in KINDS:
            answer = await api.get(f"/v1/events/{events[f'{rule} 1']['uid']}/explanation")
            assert answer.status_code == 200, answer.text
            found[rule] = [one["reason"] for one in answer.json()["declined"] if one["rule_id"] == rule]
        return found

    expected = {rule: [REASONS[rule]] if rule in REASONS else [] for rule in KINDS}
    assert await said() == expected
    # What is still to come says from when on it can be used.
    answer = (await api.get(f"/v1/events/{events['later 1']['uid']}/explanation")).json()
    (award,) = answer["awards"]
    assert datetime.fromisoformat(award["available_at"]) == events["later 1"]["time"] + timedelta(days=365)
    # What she had in between is asked by a time, and by what was known then.
    score = f"/v1/members/{world.uuid('ann')}/score"
    moment = (LONG_AGO + timedelta(seconds=30)).isoformat()
    assert (await api.get(score, params={"at": moment})).json()["points"] == 20
    assert (await api.get(score, params={"at": moment, "known_at": moment})).json()["points"] == 0
    await Merging(world, on_members).merge("ann", "bob")
    assert await said() == expected
    merged = (await api.get(f"/v1/members/{world.uuid('bob')}/score", params={"at": moment})).json()
    assert merged["points"] == 20
