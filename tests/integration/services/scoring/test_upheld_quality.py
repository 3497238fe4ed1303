"""What a report was upheld of gives its author no quality, no standing and no trust, until an appeal is won."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from services.scoring.guidelines.handlers.folding import work_off
from services.scoring.guidelines.handlers.listening import Listener
from services.scoring.quality.domain.weighing import UNIT, Sums, points_of
from services.scoring.quality.handlers.trusting import on_members
from tests.integration.services.scoring.test_quality import (
    BEST,
    compute,
    post,
    qualities,
    settle,
    told,
    vote,
)
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

PROGRAMME = """
programme: demo
title: Demo
scores: [{id: good, title: Good content}]
quality: {score: good, points: 100, trusted: {staff: true, after_days: 0}}
guidelines:
  policy: conduct
  version: "1"
  url: https://example.org/conduct
  categories: [{id: spam, title: Spam}]
  platform_decisions: {upheld: [removed], dismissed: [kept]}
rules:
  - {id: accepted, title: Accepted, on: [forum.answer_accepted.v1], to: object_author, points: 20}
"""
JUDGES = ("ann", "cat", "dan", "eve")


def said(world: Any, kind: str, name: str, about: str, by: str, minute: int, **data: Any) -> Any:
    whose = "in_reply_to" if kind == "appealed" else "object"
    author = None if kind in ("appealed", "appeal_decided") else f"by-{about}"
    time = NOON + timedelta(minutes=minute)
    data = {"channel": "forum", whose: {"id": about}, **data}
    return world.event(name, by, author, type=f"moderation.{kind}.v1", time=time, data=data)


class Forum:
    """A community whose content four of the staff judge, and whose moderators are elsewhere."""

    def __init__(self, world: Any) -> None:
        self.world, self.listener = world, Listener(world.scorer)

    async def hear(self, *events: Any) -> None:
        await self.world.handle(self.listener.on_activities, *events)

    async def settle(self) -> None:
        is_more = True
        while is_more:
            async with self.world.begin() as tx:
                is_more = await work_off(tx)
        await settle(self.world)

    async def points(self) -> dict[str, int]:
        """What content gave its author, each by an author of its own."""
        rows = await self.world.pool.fetch(
            "select member_id::text, sum(points) as points from awards"
            " where community = $1 and rule_id = 'quality' group by 1",
            self.world.community,
        )
        return {row["member_id"]: row["points"] for row in rows if row["points"]}


async def a_day_later(world: Any) -> None:
    """Have trust be worked out as it is once a day whatever happens."""
    await world.pool.execute(
        "update quality_trust_runs set computed_at = computed_at - interval '2 days' where community = $1",
        world.community,
    )
    await compute(world)


@pytest.fixture
async def forum(world: Any) -> Forum:
    await world.publish(PROGRAMME)
    await world.handle(on_members, *(told(world, name, staff=True) for name in JUDGES))
    return Forum(world)


async def test_what_was_upheld_gives_no_quality_and_no_trust_and_a_won_appeal_gives_all_of_it_back(
    forum: Forum, api: Any
) -> None:
    world = forum.world
    await forum.hear(
        *(post(world, name, f"by-{name}") for name in ("p1", "p2")),
        *(vote(world, "p1", "by-p1", by) for by in JUDGES[:3]),
        vote(world, "p2", "by-p2", "ann"),
    )
    await forum.settle()
    mal, path = world.uuid("by-p1"), f"/v1/members/{world.uuid('by-p1')}/quality"
    assert await forum.points() == {mal: 50, world.uuid("by-p2"): 25}
    await compute(world)
    before = (await api.get(path)).json()
    assert before["trust"] > 0
    content = next(
        one for one in (await api.get("/v1/content/best", params=BEST)).json()["items"] if one["object_id"] == "p1"
    )
    assert content["is_upheld"] is False

    await forum.hear(
        said(world, "reported", "r1", "p1", "ed", 0, category="spam"),
        said(world, "decided", "d1", "p1", "moderator", 1, decision="removed"),
    )
    await forum.settle()
    assert await forum.points() == {world.uuid("by-p2"): 25}
    assert await qualities(api) == {"p2": 0.625}
    # A vote of later gives nothing either, and counts once the appeal is won.
    await forum.hear(vote(world, "p1", "by-p1", "eve"))
    await forum.settle()
    assert await forum.points() == {world.uuid("by-p2"): 25}
    shown = (await api.get(f"/v1/content/{content['content_id']}")).json()
    assert (shown["is_upheld"], shown["outcomes"]) == (True, 5)
    await a_day_later(world)
    after = (await api.get(path)).json()
    assert (after["contents"], after["trust"]) == (0, 0)

    await forum.hear(
        said(world, "appealed", "a1", "d1", "by-p1", 2),
        said(world, "appeal_decided", "x1", "a1", "other", 3, outcome="overturned"),
    )
    await forum.settle()
    assert await forum.points() == {mal: 57, world.uuid("by-p2"): 25}
    await a_day_later(world)
    again = (await api.get(path)).json()
    assert again["contents"] == 1
    assert again["trust"] > 0
    assert set(await qualities(api)) == {"p1", "p2"}


@pytest.mark.parametrize("seed", range(4))
async def test_in_whatever_order_it_is_said_content_gives_what_the_facts_say(forum: Forum, seed: int) -> None:
    world, chance = forum.world, Random(seed)
    facts, due = [], {}
    for number in range(6):
        name = f"p{number}"
        facts.append(post(world, name, f"by-{name}"))
        ups = downs = 0
        for by in chance.sample(JUDGES, chance.randrange(1, 5)):
            is_up = chance.random() < 0.8
            facts.append(vote(world, name, f"by-{name}", by, vote="up" if is_up else "down"))
            if chance.random() < 0.2:
                facts.append(world.retraction(f"{by} on {name}"))
            else:
                ups, downs = ups + is_up, downs + (not is_up)
        is_upheld = chance.random() < 0.7
        facts.append(said(world, "reported", f"r{name}", name, "ed", 0, category="spam"))
        if is_upheld:
            facts.append(said(world, "decided", f"d{name}", name, "moderator", 1, decision="removed"))
            if chance.random() < 0.6:
                facts.append(said(world, "appealed", f"a{name}", f"d{name}", f"by-{name}", 2))
                outcome = chance.choice(["upheld", "overturned"])
                facts.append(said(world, "appeal_decided", f"x{name}", f"a{name}", "other", 3, outcome=outcome))
                is_upheld = outcome == "upheld"
        weight = Sums(ups * UNIT, (ups + downs) * UNIT)
        if not is_upheld and (points := points_of(weight, 100)):
            due[world.uuid(f"by-{name}")] = points
    chance.shuffle(facts)
    while facts:
        count = chance.randrange(1, 9)
        await forum.hear(*facts[:count])
        del facts[:count]
        if chance.random() < 0.4:
            await forum.settle()
    await forum.settle()

    assert await forum.points() == due
