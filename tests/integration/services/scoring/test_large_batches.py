"""Limits in large batches: what is said of old events and what is new come at once, in any order."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from services.scoring.awards.handlers.scoring import Scorer
from tests.unit.services.scoring.limits.limits_oracle import OLimit, ORule, amounts

pytestmark = pytest.mark.stack

PROGRAMME = Path(__file__).parents[4] / "programmes" / "messages.yaml"
RULES = [ORule("message", "chat.message.v1", 1), ORule("written-to", "chat.message.v1", 2, "object_author")]
LIMITS = [OLimit(("written-to",), points=10)]
PEOPLE = [f"p{number}" for number in range(60)]
SAID = {"activity.retracted.v1": 0, "activity.restored.v1": 1}


def busy_days(world: Any, rng: Random) -> list[Any]:
    """Three days of messages, most of them to a few; of some the receiver, the sender or others take them back."""
    messages, said = [], []
    begin = world.noon - timedelta(hours=12)
    for number in range(400):
        receiver = rng.choices(PEOPLE, [1 / (place + 1) for place in range(len(PEOPLE))])[0]
        sender = rng.choice([one for one in PEOPLE if one != receiver])
        at = begin + timedelta(seconds=rng.randrange(3 * 86_400))
        data = {"channel": "chat", "actor": {"id": sender}, "object": {"id": f"m{number}"}}
        message = world.event(f"m{number:03}", sender, receiver, time=at, data=data)
        messages.append(message)
        for kind, minute in SAID.items() if number % 3 == 0 else ():
            by = "moderator" if minute or rng.random() < 0.3 else rng.choice([sender, receiver, receiver])
            said_at = at + timedelta(minutes=2 * rng.randrange(1, 60) + minute)
            word = world.event(f"{kind} {number}", by, None, type=kind, time=said_at, targetuid=message["uid"])
            if not minute or rng.random() < 0.5:
                said.append(word)
    return messages + said


async def score(world: Any, facts: Sequence[Any], rng: Random) -> None:
    """Score in pieces, some of them large."""
    scorer, left = Scorer(), list(facts)
    while left:
        size = rng.choice([1, 5, 20, 100, 400])
        await world.score(*left[:size], scorer=scorer)
        left = left[size:]
    await scorer.close()


async def given(world: Any) -> dict[tuple[str, str, str], int]:
    rows = await world.pool.fetch(
        """
        select event_uid, rule_id, member_id, sum(points)::int from awards
        where community = $1 group by 1, 2, 3 having sum(points) <> 0
        """,
        world.community,
    )
    return {(str(uid), rule, str(member)): points for uid, rule, member, points in rows}


@pytest.mark.parametrize("workers_count", [1, 3])
@pytest.mark.parametrize("seed", range(5))
async def test_batches_of_any_size_agree_with_the_oracle(world: Any, seed: int, workers_count: int) -> None:
    """One that keeps its room may get another in the batch in which it is taken back: both are stored."""
    await world.publish(PROGRAMME.read_text())
    rng = Random(seed)
    facts = busy_days(world, rng)
    log = facts + rng.sample(facts, 40)
    rng.shuffle(log)
    parts = [log[number::workers_count] for number in range(workers_count)]
    await asyncio.gather(*(score(world, part, Random(seed + place)) for place, part in enumerate(parts)))
    assert await given(world) == amounts(facts, RULES, LIMITS)
