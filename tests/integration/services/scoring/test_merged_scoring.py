"""Members who are merged have one limit from then on, and their acts on one another are their own."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.scoring.audiences.handlers.deciding import on_members
from services.scoring.awards.handlers.rooms import settle_waiting
from tests.integration.services.merging import Merging
from tests.integration.services.scoring.test_rules_read_attributes import TEXT, told
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

DAY = timedelta(days=1)
CAPPED = """
programme: demo
title: Demo
rules:
  - {id: heard, title: Heard, on: [chat.message.v1], to: object_author, points: 5, daily_cap: 12}
"""
NAMES = ("ada", "bob", "cy", "dee")


@pytest.fixture
def merging(world: Any) -> Merging:
    return Merging(world, on_members)


async def points(world: Any) -> dict[str, int]:
    names = {world.uuid(name): name for name in NAMES}
    return {names[member]: total for (member, _), total in (await world.totals()).items()}


async def test_the_limit_is_of_both_from_the_merge_on_and_of_each_before_and_after(
    world: Any, api: httpx.AsyncClient, merging: Merging
) -> None:
    await world.publish(CAPPED)
    await world.score(world.event("1", other="ada"), world.event("2", other="bob"), world.event("3", other="bob"))
    await merging.merge("bob", "ada")
    # What either earned stays; ada has 7 left of this day, and whatever comes for either takes of that.
    await world.score(world.event("4", other="bob"), world.event("5", other="ada"), world.event("6", other="bob"))
    assert await points(world) == {"ada": 7, "bob": 15}
    score = (await api.get(f"/v1/members/{world.uuid('bob')}/score")).json()
    assert (score["member_id"], score["points"]) == (world.uuid("ada"), 22)
    listed = (await api.get("/v1/awards", params={"member": world.uuid("ada"), "limit": 2})).json()
    rest = (await api.get("/v1/awards", params={"member": world.uuid("ada"), "after": listed["next"]})).json()
    assert sum(item["points"] for item in [*listed["items"], *rest["items"]]) == 22

    await merging.unmerge("bob")
    # Bob's own room of that day is as it was.
    await world.score(world.event("7", other="bob"), world.event("8", other="bob"))
    assert await points(world) == {"ada": 7, "bob": 17}
    # What was taken back while they were one frees what it had there.
    await world.score(world.retraction("4"))
    assert await points(world) == {"ada": 10, "bob": 14}


async def test_what_one_does_to_the_other_is_an_own_act(world: Any, merging: Merging) -> None:
    await world.publish(CAPPED)
    await merging.merge("bob", "ada")
    await world.score(world.event("1", member="bob", other="ada"), world.event("2", member="cy", other="bob"))
    assert await points(world) == {"bob": 5}
    # Whom it was for took it back themselves: it keeps its room.
    await world.score(
        world.event("3", member="cy", other="ada"), world.retraction("2") | {"member": world.uuid("ada")}
    )
    await world.score(world.event("4", member="cy", other="bob"))
    assert await points(world) == {"ada": 5, "bob": 2}
    await merging.unmerge("bob")
    await world.score(world.event("5", member="bob", other="ada", time=NOON + DAY))
    assert await points(world) == {"ada": 10, "bob": 2}


async def test_rules_read_what_is_said_of_who_stays(world: Any, merging: Merging) -> None:
    await world.publish(TEXT)
    said = NOON - 2 * DAY
    await world.handle(on_members, told(world, "ada", 1, (said, said, "gold")))
    await merging.merge("bob", "ada")
    await world.score(world.event("1", member="bob", other=None))
    assert {row["rule_id"]: str(row["member_id"]) for row in await world.awards()} == {
        "write": world.uuid("bob"),
        "gold": world.uuid("bob"),
    }
    read = await world.pool.fetch(
        "select member_id::text from attributes_read where community = $1", world.community
    )
    assert [row["member_id"] for row in read] == [world.uuid("ada")]


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_is_merged_when_rooms_are_those_of_an_oracle(
    world: Any, merging: Merging, seed: int
) -> None:
    """Messages, retractions and merges: of each person and day 12 points, by who was whom when it was scored."""
    chance = random.Random(seed)
    await world.publish(CAPPED)
    counted = dict[str, tuple[str, int]]()
    for step in range(60):
        member, day = chance.choice(NAMES), chance.randrange(2)
        match chance.randrange(6):
            case 0 | 1 | 2:
                batch = [f"{step} {number}" for number in range(chance.randrange(1, 4))]
                counted |= {name: (merging.head(member), day) for name in batch}
                await world.score(*(world.event(name, "eve", member, time=NOON + day * DAY) for name in batch))
            case 3 if counted:
                name = chance.choice(list(counted))
                del counted[name]
                await world.score(world.retraction(name))
            case 4 if member in merging.into:
                await merging.unmerge(member)
            case _:
                other = chance.choice([one for one in NAMES if merging.head(one) == one])
                if merging.head(member) == member != other:
                    await merging.merge(member, other)
    async with world.begin() as tx:
        await settle_waiting(tx)
    due = {of: min(12, 5 * count) for of, count in Counter(counted.values()).items()}
    rows = await world.pool.fetch(
        """
        select c.limited_id::text as person, (c.event_time::date - $2::date) as day, sum(a.points)::int as points
        from claims c join awards a using (community) where c.community = $1
            and (a.award_id = c.award_id or a.amends = c.award_id)
        group by 1, 2
        """,
        world.community,
        NOON.date(),
    )
    names = {world.uuid(name): name for name in NAMES}
    assert {(names[row["person"]], row["day"]): row["points"] for row in rows if row["points"]} == due
