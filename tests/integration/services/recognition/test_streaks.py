"""Streaks: of what a member did, wherever they lived, in whatever order it is told, alone or with another."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.recognition.counts.handlers import on_events
from services.recognition.merges.handlers import on_members
from services.recognition.streaks.handlers import StreakFound, find_streaks
from services.recognition.thresholds.handlers import on_programmes
from shared.contracts.facts import MEMBER_FACT
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_badges_by_criteria import kept
from tests.integration.services.recognition.test_counted_badges import RULE, event, kept_up, said
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

DAILY = {"id": "daily", "title": "Every day", "rules": ["message"], "freezes": {"every": 3, "hold": 1}}
WEEKLY = {"id": "weekly", "title": "Every week", "rules": ["message"], "every": "week", "goal": 2}


async def begin(world: Any, version: int = 1, streaks: Any = (DAILY, WEEKLY), rules: Any = (RULE,)) -> None:
    document = {"rules": list(rules), "recognition": {"streaks": list(streaks)}}
    await world.handle(on_programmes, world.programme_fact(version, document))
    await kept_up(world)


def member(world: Any, name: str, revision: int = 1, *zones: tuple[str, datetime], **more: Any) -> Any:
    dated = [
        {"kind": "time_zone", "name": "time_zone", "since": at, "said_at": at, "value": zone, "source": "self"}
        for zone, at in zones
    ]
    data = {
        "member_id": world.uuid(name),
        "name": name,
        "identities": [],
        "channel": "chat",
        "first_seen_at": NOON,
        "revision": revision,
        "dated": dated,
    }
    return MEMBER_FACT.validate_python(
        world.fact("member.identified.v1", f"member {name} {revision}", data | more)
    )


def on(world: Any, day: int, hours: float = 0, name: str = "a") -> Any:
    """A message `day` days after NOON's, which is a Wednesday's."""
    at = NOON + timedelta(days=day, hours=hours)
    return event(world, f"{name} {day} {hours}", name, time=at)


async def found(world: Any, name: str, day: float) -> dict[str, StreakFound]:
    async with world.pool.acquire() as conn:
        _, streaks = await find_streaks(
            conn, community=world.community, member_id=world.uuid(name), now=NOON + timedelta(days=day)
        )
    return {one.streak.id: one for one in streaks}


async def current(world: Any, name: str, day: float) -> tuple[int, int]:
    at = (await found(world, name, day))["daily"].standing
    return at.current, at.longest


@pytest.mark.parametrize("is_late", [False, True], ids=["first", "published later"])
async def test_days_in_a_row_with_what_is_late_taken_back_and_restored(world: Any, is_late: bool) -> None:
    if not is_late:
        await begin(world)
    await world.handle(on_events, on(world, 0), on(world, 1), on(world, 1, 2), on(world, 2))
    if is_late:
        await begin(world)
    assert await current(world, "a", 2) == (3, 3)
    # The third in a row earned a freeze; Saturday takes it, and Sunday would end the streak.
    standing = (await found(world, "a", 4))["daily"].standing
    assert (standing.current, standing.spent, standing.left) == (3, 1, 0)
    assert standing.ends_at == datetime.combine(date(2026, 3, 9), datetime.min.time(), NOON.tzinfo)
    assert await current(world, "a", 5) == (0, 3)
    # What is late gives the freeze back, and more.
    await world.handle(on_events, on(world, 3))
    assert await current(world, "a", 4) == (4, 4)
    # One of two of a day is taken back: the day stands. Then the other, and what restores it.
    await world.handle(on_events, said(world, "retracted", "a 1 2", 1))
    assert await current(world, "a", 3) == (4, 4)
    await world.handle(on_events, said(world, "retracted", "a 1 0", 1))
    assert await current(world, "a", 3) == (2, 2)
    await world.handle(on_events, said(world, "restored", "a 1 0", 2))
    assert await current(world, "a", 3) == (4, 4)


async def test_it_goes_by_where_a_member_says_they_live(world: Any, api: httpx.AsyncClient) -> None:
    await begin(world)
    # Noon of Wednesday and of Thursday is past midnight in Auckland.
    await world.handle(on_events, on(world, 0, -12), on(world, 0), on(world, 1))
    assert await current(world, "a", 1.1) == (2, 2)
    await world.handle(on_members, member(world, "a", 1, ("Pacific/Auckland", NOON - timedelta(days=20))))
    assert await current(world, "a", 1.1) == (3, 3)
    answer = (await api.get(f"/v1/members/{world.uuid('a')}/streaks")).json()
    assert (answer["time_zone"], [one["id"] for one in answer["items"]]) == (
        "Pacific/Auckland",
        ["daily", "weekly"],
    )
    assert answer["items"][0]["longest"] == 3
    assert len(answer["items"][0]["days"]) == 91
    # Who was erased lives nowhere.
    erased = {"member_id": world.uuid("a"), "revision": 2, "identities": [], "forfeits": False, "erased_at": NOON}
    fact = MEMBER_FACT.validate_python(world.fact("member.erased.v1", "erased a", erased))
    await world.handle(on_members, fact)
    assert (
        await world.pool.fetchval("select count(*) from member_zones where community = $1", world.community) == 0
    )


async def test_a_person_of_two_members_has_the_days_of_both_and_each_its_own_again(world: Any) -> None:
    await begin(world)
    merging = Merging(world, on_members)
    await world.handle(on_events, on(world, 0), on(world, 2), on(world, 1, 0, "b"), on(world, 2, 0, "b"))
    await merging.merge("b", "a")
    assert await current(world, "a", 2) == (3, 3)
    await world.handle(on_events, on(world, 3, 0, "b"))
    assert await current(world, "a", 3) == (4, 4)
    await merging.unmerge("b")
    assert (await current(world, "a", 2), await current(world, "b", 3)) == ((1, 1), (3, 3))


async def test_a_merge_moves_no_date_of_what_members_did_where_they_lived(world: Any) -> None:
    """On the member's page, and for a badge by the streak, which stays with whoever stays."""
    badge = {"id": "three", "title": "Three", "when": 'streak("daily") >= 3'}
    document = {"rules": [RULE], "recognition": {"streaks": [DAILY], "badges": [badge]}}
    await world.handle(on_programmes, world.programme_fact(1, document))
    await kept_up(world)
    merging = Merging(world, on_members)
    auckland = "Pacific/Auckland", NOON - timedelta(days=20)
    await world.handle(on_members, member(world, "b", 1, auckland))
    # Noon in UTC is past midnight in Auckland: three dates there and two in UTC, all of before the merge at NOON.
    hours = (-36, -24, -1)
    await world.handle(on_events, *(on(world, 0, of, "b") for of in hours))
    await kept(world)
    (granted,) = [one for one in await world.published() if one["kind"] == "badge"]
    assert (granted["member_id"], granted["id"]) == (world.uuid("b"), "three")

    await merging.merge("b", "a")
    await kept(world)
    assert await current(world, "a", 0) == (3, 3)
    assert await world.published() == []
    # Nor does where who stays lived, nor where they live from then on.
    await world.handle(on_members, member(world, "a", 1, ("UTC", NOON - timedelta(days=30))))
    await kept(world)
    assert await current(world, "a", 0) == (3, 3)
    assert await world.published() == []
    # What is done as one person is of the dates of who stays: noon of Thursday, which is Auckland's Friday.
    await world.handle(on_events, on(world, 1, 0, "b"))
    assert await current(world, "a", 1) == (3, 3)
    await merging.unmerge("b")
    assert await current(world, "b", 1) == (4, 4)


async def test_what_another_version_goes_by_is_counted_anew_and_what_is_left_goes(world: Any) -> None:
    await begin(world)
    await world.handle(on_events, *(on(world, day, 0, name) for day in range(4) for name in "ab"))
    badge = {"id": "five", "title": "Five messages", "rule": "message", "at_least": 5}
    document = {"rules": [RULE], "recognition": {"badges": [badge]}}
    await world.handle(on_programmes, world.programme_fact(2, document))
    await kept_up(world)
    acts = "select count(*) from acts where community = $1"
    assert await world.pool.fetchval(acts, world.community) == 0
    assert await found(world, "a", 3) == {}
    await begin(world, 3)
    assert await current(world, "a", 3) == (4, 4)
    assert await world.pool.fetchval(acts, world.community) == 8


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_order_of_events_and_their_batches_do_not_matter(world: Any, seed: int) -> None:
    chance = random.Random(seed)
    facts = [on(world, chance.randrange(14), chance.randrange(-12, 12), chance.choice("ab")) for _ in range(30)]
    taken_back = chance.sample(facts, 8)
    facts += [said(world, "retracted", one["id"], number) for number, one in enumerate(taken_back)]
    facts += [said(world, "restored", one["id"], 20) for one in taken_back[:3]]
    chance.shuffle(facts)
    await begin(world)
    while facts:
        count = chance.randint(1, 9)
        batch, facts = facts[:count], facts[count:]
        await world.handle(on_events, *batch)
    by_hand = await _days_of(world)
    for name in "ab":
        days = {day for day, became in (await found(world, name, 14))["daily"].days if became == "done"}
        assert days == by_hand.get(name, set())


async def _days_of(world: Any) -> dict[str, set[date]]:
    """The days on which members did something that stands, from the events themselves."""
    rows = await world.pool.fetch(
        "select event ->> 'member' as member, event ->> 'time' as at from counted_events"
        " where community = $1 and counts and event is not null",
        world.community,
    )
    names = {world.uuid(name): name for name in "ab"}
    days: dict[str, set[date]] = {}
    for row in rows:
        if row["member"] in names:
            days.setdefault(names[row["member"]], set()).add(datetime.fromisoformat(row["at"]).date())
    return days
