"""Cooldowns, turns, the first of everybody and points that are taken, on a real database: by the oracle."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest

from services.scoring.awards.handlers.scoring import Scorer
from tests.integration.services.scoring.test_limits import all_settled, given, score_cut, told
from tests.unit.services.scoring.limits.limits_oracle import amounts
from tests.unit.services.scoring.limits.test_pacing import HEAD, LIKED, POSTED, PROGRAMMES, THANKED


def history(world: Any, rng: Random, count: int) -> list[Any]:
    """Events of a few members within some days, and what somebody, known or not, said of them since."""
    facts = []
    for number in range(count):
        kind = rng.choice([LIKED, THANKED, POSTED])
        at = world.noon + timedelta(minutes=rng.choice([rng.randrange(9_000), rng.randrange(600)]))
        member, author = rng.choice("abc"), rng.choice("ab")
        data = {"channel": "chat", "object": {"id": rng.choice("xy")}}
        other = None if kind == POSTED or member == author else author
        facts.append(world.event(f"{number:03}", member, other, type=kind, time=at, data=data))
    for number in range(count // 3):
        kind = rng.choice(["activity.retracted.v1"] * 2 + ["activity.restored.v1"])
        at = world.noon + timedelta(minutes=rng.randrange(12_000))
        target = world.uuid(f"event {rng.randrange(count):03}")
        one = world.event(f"said {number:03}", rng.choice("abcd"), None, type=kind, time=at, targetuid=target)
        if rng.random() < 0.2:
            del one["member"]
        facts.append(one)
    return facts


@pytest.mark.parametrize("adjustments", [2_000, 1], ids=["at once", "in pieces"])
@pytest.mark.parametrize("name", sorted(PROGRAMMES))
async def test_any_order_gives_what_the_oracle_says_of_paces(world: Any, name: str, adjustments: int) -> None:
    text, rules, limits = PROGRAMMES[name]
    world.configure(adjustments_per_batch_max_count=adjustments, settled_at_once_max_count=3)
    await world.publish(HEAD + text)
    await world.published()
    rng = Random(f"{name} {adjustments}")
    facts = history(world, rng, 90)
    log = facts + rng.sample(facts, 20)
    rng.shuffle(log)
    await score_cut(world, log, rng)
    await all_settled(world)
    right = amounts(facts, rules, limits)
    assert await given(world) == right
    assert any(points < 0 for points in right.values()) == ("points: -" in text)
    await told(world)
    before = await world.awards()
    await score_cut(world, rng.sample(facts, len(facts)), rng)
    await all_settled(world)
    assert (await world.awards(), await told(world)) == (before, {})


async def test_workers_side_by_side_share_room_that_is_everybodys(world: Any) -> None:
    text, rules, limits = PROGRAMMES["first"]
    await world.publish(HEAD + text)
    rng = Random(3)
    facts = history(world, rng, 150)
    rng.shuffle(facts)
    parts = [facts[number::3] for number in range(3)]
    for start in range(0, len(parts[0]), 10):
        await asyncio.gather(*(world.score(*part[start : start + 10], scorer=Scorer()) for part in parts))
    assert await given(world) == amounts(facts, rules, limits)


RICHER = """
programme: demo
title: Demo
scores: [{id: help, title: Help, monthly_percent: 50}]
rules:
  - id: post
    title: Posted
    on: [forum.post.v1]
    points: 20
    points_by: {cel: 'data.length_chars / 10', floor: 1}
    cooldown: {minutes: 10}
    pending_days: 3
  - id: thanked
    title: Was thanked
    on: [kudos.given.v1]
    to: object_author
    points: 8
    also: [{to: actor, points: 1}]
    score: help
"""


async def test_people_read_what_richer_rules_gave_and_why_not_more(world: Any, api: httpx.AsyncClient) -> None:
    await world.publish(RICHER)
    await world.published()
    now = datetime.now(UTC).replace(day=1, hour=12)
    last_month = (now - timedelta(days=20)).replace(day=15)
    posts = [
        world.event(f"{n}", "ann", None, type="forum.post.v1", time=now + timedelta(minutes=n * 6),
                    data={"channel": "forum"} | ({"length_chars": 125} if n < 2 else {}))
        for n in range(3)
    ]  # fmt: skip
    thanks = [
        world.event(f"t{n}", "ann", "bob", type="kudos.given.v1", time=at)
        for n, at in enumerate((now - timedelta(minutes=1), last_month))
    ]
    await world.score(*posts, *thanks)
    facts = {fact["data"]["rule_id"]: fact["data"] for _, _, fact in await world.published()}
    assert (facts["thanked"]["score"], "score" in facts["post"]) == ("help", False)
    assert datetime.fromisoformat(facts["post"]["available_at"]) == posts[0]["time"] + timedelta(days=3)
    whys = [(await api.get(f"/v1/events/{one['uid']}/explanation")).json() for one in posts]
    assert [(one["points"], one["available_at"] is not None) for one in whys[0]["awards"]] == [(12, True)]
    assert whys[0]["rules"][0]["points_by"] == "data.length_chars / 10"
    reasons = [(one["reason"], one["detail"]) for why in whys[1:] for one in why["declined"]]
    assert reasons == [
        ("cooldown", "the rule gave something less than 10 minutes before"),
        ("points_failed", "the event has no field length_chars"),
    ]
    end = (now + timedelta(hours=1)).isoformat()
    score = (await api.get(f"/v1/members/{world.uuid('bob')}/score", params={"at": end})).json()
    assert (score["points"], score["scores"], score["faded"]) == (0, {"points": 0, "help": 16}, {"help": 12.0})
    rules = (await api.get("/v1/rules")).json()["rules"]
    assert [(one["points"], one["up_to"], one["also"], one["score"]) for one in rules] == [
        (20, True, [], "points"),
        (8, False, [{"to": "actor", "points": 1}], "help"),
    ]
