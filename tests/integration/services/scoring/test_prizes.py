"""Grants that carry points give them once, within budget and limit, and take them back with themselves."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.scoring.guidelines.handlers.folding import put, work_off
from services.scoring.prizes.handlers import on_grants, on_prizes_told
from services.scoring.voids.domain import Void, Why
from shared.contracts.facts import POINTS_AWARDED, RECOGNITION_FACT
from tests.integration.services.world import add_person

pytestmark = pytest.mark.stack

PRIZES = """
recognition:
  prize_points: {budget: 120, limit: {points: 60, within: month}}
"""


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["points:read"]


@pytest.fixture
async def bounded(world: Any, clients: Any) -> None:
    """What grants may give is a budget: two people publish it."""
    writes = ("programmes:write", "programmes:approve", "programmes:read")
    ada, bob = [await clients(*writes, person_id=await add_person(world.pool, world.community)) for _ in range(2)]
    proposed = await ada.post(
        "/v1/programmes", content=world.rules + PRIZES, headers={"Content-Type": "application/yaml"}
    )
    approved = await bob.post(f"/v1/programmes/{proposed.json()['version']}/approve")
    assert approved.json()["state"] == "published", approved.text
    await world.published()


def grant(world: Any, name: str, member: str = "ann", points: int = 50, **more: Any) -> Any:
    data = {
        "grant_id": world.uuid(f"grant {name}"),
        "member_id": world.uuid(member),
        "kind": "quest",
        "id": "first-steps",
        "title": "First steps",
        "event_time": world.noon,
        "programme_version": 1,
        "gives": {"points": points},
        **more,
    }
    return world.fact("recognition.granted.v1", name, data)


def back(world: Any, name: str, member: str = "ann") -> Any:
    fact = grant(world, f"back {name}", member, reverses=world.uuid(f"grant {name}"))
    del fact["data"]["gives"]
    return fact


async def told(world: Any) -> list[Any]:
    facts = [fact for topic, _, fact in await world.published() if topic == "points.awarded.v1"]
    for fact in facts:
        POINTS_AWARDED.adapter.validate_python(fact)
    return facts


async def test_a_grant_gives_its_points_once_and_takes_them_with_it(world: Any, api: httpx.AsyncClient) -> None:
    steps = "[{id: w, title: Write, rule: write}]"
    await world.publish(
        f"{world.rules}recognition: {{quests: [{{id: first-steps, title: First steps, steps: {steps}}}]}}"
    )
    await world.handle(on_grants, grant(world, "1"), grant(world, "none", points=1) | {})
    await world.handle(on_grants, grant(world, "1"))
    first, _ = await told(world)
    data = first["data"]
    assert (data["points"], data["rule_id"], data["event_type"], data["event_uid"]) == (
        50,
        "quest-first-steps",
        "recognition.granted.v1",
        world.uuid("grant 1"),
    )
    # It is explained as any: what it came with.
    explained = (await api.get(f"/v1/events/{data['event_uid']}/explanation")).json()
    assert [(one["rule_id"], one["title"]) for one in explained["rules"]] == [("quest-first-steps", "First steps")]
    for _ in range(2):
        await world.handle(on_grants, back(world, "1"), back(world, "never was"))
    (taken,) = await told(world)
    assert (taken["data"]["points"], taken["data"]["total"], taken["data"]["amends"]) == (-50, 0, data["award_id"])
    # Granted anew it is another grant, and gives anew.
    await world.handle(on_grants, grant(world, "2"), back(world, "2"), grant(world, "3"))
    assert [one["data"]["points"] for one in await told(world)] == [50, -50, 50]
    score = (await api.get(f"/v1/members/{world.uuid('ann')}/score")).json()
    assert score["points"] == 51


@pytest.mark.usefixtures("bounded")
async def test_no_more_is_given_than_budget_and_limit_leave(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_grants, grant(world, "1"), grant(world, "2"), grant(world, "3"))
    # What the limit leaves of the second is 10, and nothing of the third.
    assert [one["data"]["points"] for one in await told(world)] == [50, 10]
    await asyncio.gather(
        *(world.handle(on_grants, grant(world, f"of {name}", name)) for name in ("bob", "cid", "dan"))
    )
    assert sum(one["data"]["points"] for one in await told(world)) == 60
    shown = (await api.get("/v1/prize-points")).json()
    assert shown == {
        "points": 120,
        "prizes": 4,
        "cut": 4,
        "budget": 120,
        "limit_points": 60,
        "limit_within": "month",
    }
    # What is taken back is there again, for others who come.
    await world.handle(on_grants, back(world, "1"), grant(world, "of eve", "eve"))
    assert [one["data"]["points"] for one in await told(world)] == [-50, 50]


@pytest.mark.usefixtures("bounded")
async def test_the_prize_of_a_board_gives_its_points_once_and_within_the_same_bounds(
    world: Any, api: httpx.AsyncClient
) -> None:
    def won(month: str, member: str = "ann", **gives: Any) -> Any:
        data = {
            "prize_id": world.uuid(f"prize {month} {member}"),
            "member_id": world.uuid(member),
            "board": "month",
            "board_title": "This month",
            "id": "first",
            "title": "First",
            "starts_on": f"2026-{month}-01",
            "ends_on": f"2026-{month}-28",
            "rank": 1,
            "points": 420,
            "programme_version": 1,
            **({"gives": gives} if gives else {}),
        }
        return RECOGNITION_FACT.validate_python(world.fact("recognition.prize_won.v1", f"{month} {member}", data))

    await world.handle(on_grants, won("01", points=50), won("02", "bob"), won("02", "cid", reward="mug"))
    await world.handle(on_grants, won("01", points=50), grant(world, "1", points=5))
    first, other = await told(world)
    assert (first["data"]["points"], first["data"]["rule_id"], first["data"]["event_uid"]) == (
        50,
        "board-month",
        world.uuid("prize 01 ann"),
    )
    assert first["data"]["event_type"] == other["data"]["event_type"] == "recognition.granted.v1"
    # They came on one day of the community: the month's limit is of both.
    await world.handle(on_grants, won("02", points=50))
    given = [one["data"]["points"] for one in await told(world)]
    same_month = first["data"]["event_time"][:7] == other["data"]["event_time"][:7]
    assert given == [5 if same_month else 10]
    # After a restore none is given again.
    for table in ("prizes", "prize_books"):
        await world.pool.execute(f"delete from {table} where community = $1", world.community)
    await world.handle(on_prizes_told, *(POINTS_AWARDED.adapter.validate_python(one) for one in (first, other)))
    await world.handle(on_grants, won("01", points=50))
    assert await told(world) == []


@pytest.mark.usefixtures("bounded")
async def test_a_restored_database_gives_nothing_twice(world: Any) -> None:
    await world.handle(on_grants, grant(world, "1"), grant(world, "2"), back(world, "1"))
    facts = await told(world)
    for table in ("prizes", "prize_books"):
        await world.pool.execute(f"delete from {table} where community = $1", world.community)
    await world.handle(on_prizes_told, *(POINTS_AWARDED.adapter.validate_python(fact) for fact in facts))
    await world.handle(on_grants, grant(world, "1"), grant(world, "2"), back(world, "1"))
    assert await told(world) == []
    spent = await world.pool.fetchval("select points from prize_books where community = $1", world.community)
    assert spent == 10


async def works_off(world: Any, *, stands: bool) -> None:
    """Have ann be suspended around noon, or never have been."""
    spell = Void(
        world.community,
        world.uuid("spell"),
        Why.SUSPENDED,
        world.uuid("ann"),
        starts_at=world.noon - timedelta(hours=1),
        ends_at=world.noon + timedelta(hours=1),
        is_standing=stands,
    )
    async with world.begin() as tx:
        await put(tx, spell)
    is_more = True
    while is_more:
        async with world.begin() as tx:
            is_more = await work_off(tx)


@pytest.mark.parametrize("is_known_first", [True, False], ids=["before", "after"])
async def test_what_comes_with_a_grant_of_a_suspension_gives_nothing_until_it_has_never_been(
    world: Any, is_known_first: bool
) -> None:
    await world.publish(world.rules)
    if is_known_first:
        await works_off(world, stands=True)
    later = world.noon + timedelta(hours=2)
    facts = [
        grant(world, "1"),
        grant(world, "2"),
        grant(world, "later", event_time=later),
        grant(world, "3", "bob"),
    ]
    await world.handle(on_grants, *facts)
    if not is_known_first:
        await works_off(world, stands=True)
    assert await points_of(world) == {"ann": 50, "bob": 50}
    # What is taken back meanwhile does not come back with the rest.
    await world.handle(on_grants, back(world, "2"))
    assert await points_of(world) == {"ann": 50, "bob": 50}
    for stands, points in ((False, 100), (True, 50), (False, 100)):
        await works_off(world, stands=stands)
        assert await points_of(world) == {"ann": points, "bob": 50}


async def points_of(world: Any) -> dict[str, int]:
    rows = await world.pool.fetch(
        "select member_id::text, sum(points) as points from awards where community = $1 group by 1",
        world.community,
    )
    names = {world.uuid(name): name for name in ("ann", "bob")}
    return {names[row["member_id"]]: row["points"] for row in rows}
