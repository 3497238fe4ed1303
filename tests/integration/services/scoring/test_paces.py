"""Cooldowns, turns, the first of everybody and points that are taken, on a real database: by the oracle."""

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

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
