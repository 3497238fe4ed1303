"""Badges, levels and boards of members who are merged: of the union, and each its own again when they part."""

import asyncio
import random
from collections import Counter
from typing import Any

import httpx
import pytest

from services.recognition.counts.handlers import on_events
from services.recognition.merges.handlers import on_members
from services.recognition.thresholds.handlers import on_programmes
from services.recognition.totals import handlers
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_badges_by_criteria import kept as badges_kept
from tests.integration.services.recognition.test_counted_badges import RULE, event, kept_up, said
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

BADGES = [
    {"id": "ten", "title": "Ten points", "at_least": 10},
    {"id": "helper", "title": "Helper", "rule": "answer", "count": "awards", "at_least": 3},
    {"id": "five", "title": "Five messages", "rule": "message", "at_least": 5},
    {"id": "both", "title": "Both", "when": 'events("message") >= 2 && awards("answer") >= 1'},
    {
        "id": "sum",
        "title": "Sum",
        "measure": 'points + events("message") * 3',
        "tiers": [{"id": "low", "title": "Low", "at_least": 9}, {"id": "high", "title": "High", "at_least": 30}],
    },
]
LEVELS = [{"id": "newcomer", "title": "Newcomer", "points": 0}, {"id": "gold", "title": "Gold", "points": 40}]
ANSWER = RULE | {"id": "answer", "title": "Answered", "on": ["forum.answer.v1"]}
NAMES = "abcd"


@pytest.fixture
def merging(world: Any) -> Merging:
    return Merging(world, on_members)


async def begin(world: Any, version: int = 1) -> None:
    document = {"rules": [RULE, ANSWER], "recognition": {"badges": BADGES, "levels": LEVELS}}
    await world.handle(on_programmes, world.programme_fact(version, document))
    await kept_up(world)


async def shown(api: httpx.AsyncClient, world: Any, member: str) -> tuple[int, set[str]]:
    answer = await api.get(f"/v1/members/{world.uuid(member)}/recognition")
    if answer.status_code == 404:
        return 0, set()
    found = answer.json()
    level = {found["level"]["name"]} if found["level"] else set()
    return found["points"], level | {badge["name"] for badge in found["badges"]}


async def board(api: httpx.AsyncClient, period: str) -> dict[str, int]:
    answer = await api.get("/v1/leaderboard", params={"period": period, "at": NOON.isoformat()})
    return {item["member_id"]: item["points"] for item in answer.json()["items"]}


async def standing(world: Any) -> Counter[tuple[str, str]]:
    """What the grants say that stands, by person."""
    rows = await world.pool.fetch(
        """
        select coalesce(m.head_id, g.member_id)::text as person, g.name, count(*) as grants
        from grants g left join merges m using (community, member_id)
        where g.community = $1 and g.reverses is null
            and not exists (select from grants r where r.community = $1 and r.reverses = g.grant_id)
        group by 1, 2
        """,
        world.community,
    )
    return Counter({(row["person"], row["name"]): row["grants"] for row in rows})


async def test_thresholds_are_those_of_both_and_each_keeps_what_is_its_own(
    world: Any, api: httpx.AsyncClient, merging: Merging
) -> None:
    await begin(world)
    await world.awarded(world.award("a", 15), world.award("b", 30), world.award("a", 0, rule="answer"))
    await world.handle(on_events, *(event(world, number, "ab"[number % 2]) for number in range(5)))
    before = {one["id"]: one for one in await world.published() if one["member_id"] == world.uuid("b")}

    await merging.merge("b", "a")

    assert await shown(api, world, "a") == (45, {"ten", "five", "gold"})
    assert await shown(api, world, "b") == (45, {"ten", "five", "gold"})
    assert await board(api, "all") == await board(api, "week") == {world.uuid("a"): 45}
    told = await world.published()
    # What both held is held once; what both have together is granted to who stays.
    assert {(one["member_id"], one["id"], one.get("reverses")) for one in told} == {
        (world.uuid("b"), "ten", before["ten"]["grant_id"]),
        (world.uuid("b"), "newcomer", before["newcomer"]["grant_id"]),
        (world.uuid("a"), "gold", None),
        (world.uuid("a"), "five", None),
    }
    # What comes for either is of both, and remains whose identity did it.
    await world.awarded(world.award("b", 5), world.award("a", 1))
    await merging.unmerge("b")
    assert await shown(api, world, "a") == (16, {"ten", "newcomer"})
    assert await shown(api, world, "b") == (35, {"ten", "newcomer"})
    assert await board(api, "month") == {world.uuid("a"): 16, world.uuid("b"): 35}
    holders = (await api.get("/v1/badges")).json()
    found = {one["name"]: one["holders"] for one in holders["badges"]}
    assert (found["ten"], found["helper"], found["five"]) == (2, 0, 0)


async def test_a_badge_that_one_earned_alone_stays_that_grant(
    world: Any, api: httpx.AsyncClient, merging: Merging
) -> None:
    await begin(world)
    award = world.award("b", 12)
    await world.awarded(world.award("a", 1), award)
    (ten,) = [one for one in await world.published() if one["id"] == "ten"]
    await merging.merge("b", "a")
    badges = (await api.get(f"/v1/members/{world.uuid('a')}/recognition")).json()["badges"]
    assert [badge["grant_id"] for badge in badges] == [ten["grant_id"]]
    await world.published()
    # It is taken back from whom it was granted.
    await world.awarded(world.reversal(award))
    taken = {one["id"]: one for one in await world.published()}["ten"]
    assert (taken["member_id"], taken["reverses"]) == (world.uuid("b"), ten["grant_id"])
    await merging.unmerge("b")
    assert await shown(api, world, "b") == (0, {"newcomer"})


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_happens_totals_are_those_of_an_oracle(
    world: Any, api: httpx.AsyncClient, merging: Merging, seed: int
) -> None:
    """Awards, amendments, events, retractions, versions and merges of four members, looked at now and then."""
    chance = random.Random(seed)
    await begin(world)
    version = 1
    awards = list[tuple[str, Any]]()
    points, answers = Counter[str](), Counter[str]()
    events = dict[int, str]()
    for step in range(80):
        member = chance.choice(NAMES)
        match chance.randrange(9):
            case 0 | 1:
                rule = chance.choice(["message", "answer"])
                awards.append((member, world.award(member, chance.randrange(1, 9), rule=rule)))
                await world.awarded(awards[-1][1])
                points[member] += awards[-1][1]["data"]["points"]
                answers[member] += rule == "answer"
            case 2 if awards:
                of, award = awards.pop(chance.randrange(len(awards)))
                await world.awarded(world.reversal(award))
                points[of] -= award["data"]["points"]
                answers[of] -= award["data"]["rule_id"] == "answer"
            case 3 | 4:
                events[step] = member
                await world.handle(on_events, event(world, step, member))
            case 5 if events:
                of_event = chance.choice(list(events))
                del events[of_event]
                await world.handle(on_events, said(world, "retracted", of_event, step))
            case 6 if step % 3 == 0:
                version += 1
                await begin(world, version)
                async with world.begin() as tx:
                    await handlers.reevaluate(tx)
            case 7 if member in merging.into:
                await merging.unmerge(member)
            case _:
                other = chance.choice([one for one in NAMES if merging.head(one) == one])
                if merging.head(member) == member != other:
                    await merging.merge(member, other)
        if step % 20 == 19:
            await is_as_the_oracle_says(world, api, merging, points, answers, Counter(events.values()))
    for member in list(merging.into):
        await merging.unmerge(member)
    await is_as_the_oracle_says(world, api, merging, points, answers, Counter(events.values()))


async def is_as_the_oracle_says(
    world: Any,
    api: httpx.AsyncClient,
    merging: Merging,
    points: Counter[str],
    answers: Counter[str],
    events: Counter[str],
) -> None:
    await badges_kept(world)
    held: Counter[tuple[str, str]] = Counter()
    boards: dict[str, int] = {}
    for head in {merging.head(name) for name in NAMES}:
        group = [name for name in NAMES if merging.head(name) == head]
        total, answered, wrote = (sum(of[name] for name in group) for of in (points, answers, events))
        due = {"ten"} if total >= 10 else set()
        due |= {"helper"} if answered >= 3 else set()
        due |= {"five"} if wrote >= 5 else set()
        due |= {"gold"} if total >= 40 else set()
        due |= {"both"} if wrote >= 2 and answered >= 1 else set()
        due |= {"sum/low"} if total + wrote * 3 >= 9 else set()
        due |= {"sum/high"} if total + wrote * 3 >= 30 else set()
        found, names = await shown(api, world, head)
        # Levels show the highest; whoever had an award once is a newcomer.
        # Of tiers the highest is shown.
        assert (found, names - {"newcomer"}) == (total, {one.partition("/")[0] for one in due}), head
        held |= Counter({(world.uuid(head), name): 1 for name in due})
        boards |= {world.uuid(head): total} if total else {}
    found_standing = await standing(world)
    assert Counter({key: count for key, count in found_standing.items() if key[1] != "newcomer"}) == held
    assert await board(api, "all") == await board(api, "week") == boards
    shown_holders = (await api.get("/v1/badges")).json()["badges"]
    assert {one["name"]: one["holders"] for one in shown_holders} == {
        badge["id"]: sum(name in (badge["id"], f"{badge['id']}/low") for _, name in held) for badge in BADGES
    }


async def test_awards_of_both_that_come_while_they_are_merged_and_parted(
    world: Any, api: httpx.AsyncClient, merging: Merging
) -> None:
    """Two workers have the partitions of either, and a third that of merges: nothing is lost between them."""
    await begin(world)

    async def give(member: str) -> None:
        for _ in range(25):
            await world.awarded(world.award(member, 1))

    async def merge() -> None:
        for _ in range(6):
            await merging.merge("b", "a")
            await asyncio.sleep(0)
            await merging.unmerge("b")
        await merging.merge("b", "a")

    async with asyncio.timeout(60):
        await asyncio.gather(give("a"), give("b"), merge())
    assert (await shown(api, world, "a"))[0] == 50
    assert await board(api, "month") == {world.uuid("a"): 50}
    await merging.unmerge("b")
    assert ((await shown(api, world, "a"))[0], (await shown(api, world, "b"))[0]) == (25, 25)
