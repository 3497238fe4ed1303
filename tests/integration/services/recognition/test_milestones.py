"""Milestones are celebrated once and for ever, whatever comes twice, is taken back, merged or read again."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.recognition.celebrations.handlers import on_told
from services.recognition.counts.handlers import on_events
from services.recognition.merges.handlers import on_guidelines, on_members
from services.recognition.milestones import handlers as milestones
from services.recognition.thresholds.handlers import on_programmes
from services.recognition.totals.handlers import reevaluate
from shared.contracts.facts import CELEBRATED, GUIDELINE_FACT, MEMBER_FACT
from shared.contracts.facts.celebrations import HOST
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_counted_badges import RULE, event, kept_up, said
from tests.integration.services.recognition.test_streaks import member
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

MESSAGES = {"id": "messages", "title": "{n} messages", "rule": "message", "at": [1, 3, 5]}
POINTS = {"id": "points", "title": "A hundred points", "points": True, "at": [100]}
ALL = {"id": "all", "title": "The community's {n} messages", "rule": "message", "together": True, "at": [4, 8]}
YEARS = {"id": "years", "title": "{n} years with us", "since": "joined"}
FIRST_MESSAGE = {"id": "writing", "title": "{n} years of messages", "since": "first", "rule": "message"}


async def begin(world: Any, *found: Any, version: int = 1, **more: Any) -> None:
    document = {"rules": [RULE], "recognition": {"milestones": list(found), **more}}
    await world.handle(on_programmes, world.programme_fact(version, document))
    await kept_up(world)


def what(celebrations: list[Any], world: Any, *names: str) -> list[tuple[str, str, int]]:
    """Whose each is, which and of what number, in no order."""
    by_id = {world.uuid(name): name for name in names or ("a", "b", "c", "d")}
    return sorted((by_id[one["member_id"]], one["name"], one.get("number", 0)) for one in celebrations)


async def test_numbers_are_celebrated_once_whatever_is_taken_back_restored_or_comes_twice(world: Any) -> None:
    await begin(world, MESSAGES, POINTS)
    await world.handle(on_events, *(event(world, number) for number in range(3)), event(world, 2))
    first, third = await world.celebrated()
    assert (first["title"], first["number"], first["event_uid"]) == ("1 messages", 1, world.uuid("event 0"))
    assert (third["title"], third["event_uid"], third["kind"]) == (
        "3 messages",
        world.uuid("event 2"),
        "milestone",
    )
    await world.handle(on_events, said(world, "retracted", 2, 1))
    await world.handle(on_events, event(world, 3), event(world, 4), said(world, "restored", 2, 2))
    assert what(await world.celebrated(), world) == [("a", "messages", 5)]
    # Of the past: it counts, and nobody is told.
    await world.handle(on_events, *(event(world, f"b {number}", "b", backfill=True) for number in range(3)))
    assert await world.celebrated() == []
    await world.awarded(award := world.award("a", 99), award)
    assert await world.celebrated() == []
    await world.awarded(reached := world.award("a", 5))
    assert what(await world.celebrated(), world) == [("a", "points", 100)]
    await world.awarded(world.reversal(reached), world.award("a", 50))
    assert await world.celebrated() == []


async def test_a_version_celebrates_nothing_of_before_and_a_number_passed_by_another_counter_not_again(
    world: Any,
) -> None:
    await world.handle(on_events, *(event(world, number) for number in range(4)))
    await begin(world, MESSAGES)
    assert await world.celebrated() == []
    await world.handle(on_events, event(world, 5))
    assert what(await world.celebrated(), world) == [("a", "messages", 5)]
    # Counted anew, and of all together as well: with one more number than before.
    await begin(world, MESSAGES | {"at": [1, 3, 5, 6]}, ALL, version=2)
    await world.handle(on_events, event(world, 6))
    assert what(await world.celebrated(), world) == [("a", "messages", 6)]
    await world.handle(on_events, event(world, 7), event(world, 8, "b"))
    assert what(await world.celebrated(), world) == [("b", "all", 8), ("b", "messages", 1)]


async def test_the_thousandth_of_all_is_one_and_whose_act_it_was_is_named_whoever_comes_at_once(
    world: Any,
) -> None:
    await begin(world, ALL)
    names = "abcdefgh"
    await asyncio.gather(*(world.handle(on_events, event(world, f"at once {name}", name)) for name in names))
    found = await world.celebrated()
    assert [one["number"] for one in found] == [4, 8]
    assert all(one["together"] for one in found)
    for one in found:
        name = next(name for name in names if world.uuid(name) == one["member_id"])
        assert one["event_uid"] == world.uuid(f"event at once {name}")
    await world.handle(on_events, *(said(world, "retracted", f"at once {name}", 1) for name in names))
    await world.handle(on_events, *(said(world, "restored", f"at once {name}", 2) for name in names))
    assert await world.celebrated() == []


async def test_what_either_celebrated_their_person_has_and_a_merge_celebrates_nothing(
    api: httpx.AsyncClient, world: Any
) -> None:
    await begin(world, MESSAGES)
    await world.handle(on_members, *(member(world, name) for name in "ab"))
    merging = Merging(world, on_members)
    early = NOON - timedelta(hours=1)
    await world.handle(on_events, *(event(world, f"a {number}") for number in range(2)))
    await world.handle(on_events, *(event(world, f"b {number}", "b", time=early) for number in range(3)))
    assert what(await world.celebrated(), world) == [
        ("a", "messages", 1),
        ("b", "messages", 1),
        ("b", "messages", 3),
    ]
    await merging.merge("b", "a")
    # Five in all, by nobody's act. The older of two stands for both.
    assert await world.celebrated() == []
    items = (await api.get("/v1/celebrations")).json()["items"]
    assert {(one["member_name"], one["number"]) for one in items} == {("a", 1), ("a", 3)}
    assert {one["event_time"] for one in items} == {early.isoformat().replace("+00:00", "Z")}
    # What the person had is not celebrated again: neither three nor one.
    await world.handle(on_events, *(said(world, "retracted", f"b {number}", 1) for number in range(3)))
    await world.handle(on_events, event(world, "a 3"), event(world, "b 4", "b"))
    assert await world.celebrated() == []
    await world.handle(on_events, event(world, "b 5", "b"))
    assert what(await world.celebrated(), world) == [("a", "messages", 5)]
    await merging.unmerge("b")
    items = (await api.get("/v1/celebrations", params={"member": world.uuid("b")})).json()["items"]
    assert {one["number"] for one in items} == {1, 3}
    # Three is b's for ever, and was never a's own.
    await world.handle(on_events, said(world, "retracted", "a 3", 5), event(world, "a 6"))
    assert what(await world.celebrated(), world) == [("a", "messages", 3)]


async def test_years_begin_where_a_member_lives_and_follow_what_is_learnt_of_the_first(
    api: httpx.AsyncClient, world: Any
) -> None:
    await begin(world, YEARS, FIRST_MESSAGE)
    now = datetime.now(UTC)
    year = timedelta(days=365)
    joined = {"type": "member.joined.v1"}
    # Somewhere the day has begun: years that were over an hour ago, and others that are over tomorrow.
    today = (now - timedelta(hours=1)).replace(minute=0)
    before = today.replace(year=today.year - 2, day=min(today.day, 28))
    await world.handle(on_members, member(world, "a"), member(world, "b", 1, ("Etc/GMT+12", NOON - 9 * year)))
    await world.handle(
        on_events,
        event(world, "joined", "a", time=before, **joined),
        event(world, "joined b", "b", time=before - timedelta(days=300), **joined),
    )
    await looked(world)
    expected = [("a", "years", 2)] if today.day <= 28 else []
    assert what(await world.celebrated(), world) == expected
    # The earliest is another: three years, one of them some days over. And it is not there again.
    await world.handle(on_events, event(world, "earlier", "a", time=before - year - timedelta(days=40), **joined))
    await looked(world)
    await world.handle(on_events, said(world, "retracted", "earlier", 1))
    await looked(world)
    assert await world.celebrated() == []
    due = await world.pool.fetchval(
        "select due_at from anniversaries where community = $1 and member_id = $2",
        world.community,
        world.uuid("a"),
    )
    assert timedelta(days=360) < due - now < timedelta(days=370)
    mine = (await api.get(f"/v1/members/{world.uuid('a')}/milestones")).json()["items"]
    assert {one["name"]: one["last"] for one in mine} == {"years": 2 if expected else None, "writing": None}


async def looked(world: Any) -> None:
    async with world.begin() as tx:
        while await milestones.keep_anniversaries(tx):
            pass


async def test_badges_and_levels_are_celebrated_once_and_shown_while_they_are_held(
    api: httpx.AsyncClient, world: Any
) -> None:
    badges = [
        {"id": "two", "title": "Two messages", "rule": "message", "at_least": 2},
        {"id": "hidden", "title": "Hidden", "rule": "message", "at_least": 1, "secret": True},
    ]
    await begin(world, badges=badges, levels=[{"id": "ten", "title": "Ten", "points": 10}])
    await world.handle(on_members, member(world, "a"))
    async with world.begin() as tx:
        await reevaluate(tx)
    await world.handle(on_events, event(world, 1), event(world, 2))
    await world.awarded(world.award("a", 10))
    kinds = {("badge", "two"), ("badge", "hidden"), ("level", "ten")}
    assert {(one["kind"], one["name"]) for one in await world.celebrated()} == kinds
    items = (await api.get("/v1/celebrations", params={"kind": ["badge", "level"]})).json()["items"]
    assert {(one["kind"], one["name"]) for one in items} == kinds
    await world.handle(on_events, said(world, "retracted", 2, 1))
    items = (await api.get("/v1/celebrations", params={"kind": "badge"})).json()["items"]
    assert [one["name"] for one in items] == ["hidden"]
    await world.handle(on_events, event(world, 3))
    items = (await api.get("/v1/celebrations", params={"kind": "badge"})).json()["items"]
    assert {one["name"] for one in items} == {"two", "hidden"}
    assert await world.celebrated() == []
    # A version without it takes it from the feed, and one that has it again puts it back, as it was.
    before = next(one for one in items if one["name"] == "two")
    for version, found in ((2, badges[1:]), (3, badges)):
        await begin(world, badges=found, version=version)
        items = (await api.get("/v1/celebrations", params={"kind": "badge"})).json()["items"]
        assert [one for one in items if one["name"] == "two"] == ([] if version == 2 else [before])
    # Granted and taken back in one batch: it was so, and is not held.
    await world.handle(
        on_events, event(world, "b1", "b"), event(world, "b2", "b"), said(world, "retracted", "b2", 1)
    )
    assert what(await world.celebrated(), world) == [("b", "hidden", 0), ("b", "two", 0)]
    mine = (await api.get("/v1/celebrations", params={"member": world.uuid("b")})).json()["items"]
    assert [one["name"] for one in mine] == ["hidden"]


def reaction(world: Any, name: str, celebration: str, by: str, **more: Any) -> Any:
    data = {"channel": "chat", "host": HOST, "actor": {}, "object": {"id": celebration, "author": {}}, **more}
    kind = "chat.reaction.v1" if "reaction" in more else "content.read.v1"
    return event(world, name, by, type=kind, data=data)


async def test_reactions_count_by_person_are_taken_back_and_whoever_wants_no_part_is_left_out(
    api: httpx.AsyncClient, world: Any
) -> None:
    await begin(world, MESSAGES, ALL)
    await world.handle(on_members, *(member(world, name) for name in "abc"))
    await world.handle(on_events, *(event(world, number) for number in range(4)))
    found = {one["name"]: one["celebration_id"] for one in await world.celebrated() if one.get("number") != 1}
    messages = found["messages"]
    await world.handle(
        on_events,
        reaction(world, "b hearts", messages, "b", reaction="heart"),
        reaction(world, "c hearts", messages, "c", reaction="heart"),
        reaction(world, "c says no word of ours", messages, "c", reaction="nonsense"),
        reaction(world, "c says it of nothing", world.uuid("nothing"), "c", reaction="heart"),
        reaction(world, "c saw it", messages, "c"),
    )

    async def now() -> dict[str, Any]:
        items = (await api.get("/v1/celebrations", params={"limit": 200})).json()["items"]
        return {one["celebration_id"]: one for one in items}

    shown = (await now())[messages]
    assert (shown["reactions"], shown["seen_count"]) == ([{"reaction": "heart", "members": 2}], 1)
    await Merging(world, on_members).merge("c", "b")
    assert (await now())[messages]["reactions"] == [{"reaction": "heart", "members": 1}]
    await world.handle(on_events, said(world, "retracted", "b hearts", 1), said(world, "retracted", "c hearts", 1))
    assert (await now())[messages]["reactions"] == []
    # Suspended: gone while that lasts, of what all reached as well.
    data = {
        "suspension_id": world.uuid("suspension"),
        "member_id": world.uuid("a"),
        "revision": 1,
        "stands": True,
        "starts_at": NOON - timedelta(days=1000),
    }
    fact = world.fact("guidelines.suspension_changed.v1", "suspended", data)
    await world.handle(on_guidelines, GUIDELINE_FACT.validate_python(fact))
    assert await now() == {}
    lifted = data | {"revision": 2, "stands": False}
    fact = world.fact("guidelines.suspension_changed.v1", "lifted", lifted)
    await world.handle(on_guidelines, GUIDELINE_FACT.validate_python(fact))
    assert len(await now()) == 3
    # Forgotten: what was theirs is gone; what all reached stays, and was nobody's.
    erased = {
        "member_id": world.uuid("a"),
        "revision": 9,
        "erased_at": NOON,
        "identities": [],
        "forfeits": False,
    }
    fact = MEMBER_FACT.validate_python(world.fact("member.erased.v1", "erased a", erased))
    await world.handle(on_members, fact)
    (left,) = (await now()).values()
    assert (left["name"], left["member_id"], left["event_uid"]) == ("all", None, None)


async def test_after_a_restore_nothing_is_celebrated_again_and_pages_and_the_feed_are_as_before(
    api: httpx.AsyncClient, world: Any
) -> None:
    await begin(world, MESSAGES, ALL)
    await world.handle(on_members, member(world, "a"))
    await world.handle(on_events, *(event(world, number) for number in range(5)))
    rows = [row for row in await world.outbox() if row["topic"] == "celebrations.v1"]
    told = [CELEBRATED.adapter.validate_json(row["value"]) for row in rows]
    assert len(told) == 4
    before = (await api.get("/v1/celebrations")).json()
    first = (await api.get("/v1/celebrations", params={"limit": 3})).json()
    rest = (await api.get("/v1/celebrations", params={"limit": 3, "after": first["next"]})).json()
    assert [*first["items"], *rest["items"]] == before["items"]
    feed = await api.get("/v1/celebrations/feed")
    assert feed.headers["content-type"] == "application/feed+json"
    assert feed.json()["version"] == "https://jsonfeed.org/version/1.1"
    assert [one["title"] for one in feed.json()["items"]][-1].startswith("a: ")
    for table in ("celebrations", "joint_counts", "counted_events", "counting_members"):
        await world.pool.execute(f"delete from {table} where community = $1", world.community)
    await world.handle(on_told, *told, *told)
    await world.handle(on_events, *(event(world, number) for number in range(5)))
    assert await world.celebrated() == []
    assert (await api.get("/v1/celebrations")).json() == before
    assert (await api.get("/v1/milestones")).json()["milestones"][1]["now"] == 5


async def _broken_off(world: Any, batch: list[Any]) -> None:
    async with world.begin() as tx:
        await on_events(tx, batch)
        raise ConnectionResetError


@pytest.mark.parametrize("seed", range(3))
async def test_in_any_order_with_duplicates_merges_and_broken_off_transactions_each_is_once(
    world: Any, seed: int
) -> None:
    chance = random.Random(seed)
    await begin(world, MESSAGES, ALL)
    merging = Merging(world, on_members)
    facts = [event(world, f"{name} {number}", name) for name in "abc" for number in range(5)]
    facts += [
        said(world, kind, f"{name} {number}", minute)
        for name in "abc"
        for number in range(3)
        for minute, kind in enumerate(("retracted", "restored"), 1)
    ]
    facts += chance.sample(facts, 10)
    chance.shuffle(facts)
    seen: list[tuple[str, str, int]] = []
    while facts:
        size = chance.randint(1, 4)
        batch, facts = facts[:size], facts[size:]
        if chance.random() < 0.3:
            # The process ends before it commits: nothing of it was done, and it comes again.
            with pytest.raises(ConnectionResetError):
                await _broken_off(world, batch)
        await world.handle(on_events, *batch)
        if chance.random() < 0.25:
            if "b" in merging.into:
                await merging.unmerge("b")
            else:
                await merging.merge("b", "a")
        seen += what(await world.celebrated(), world)
    assert len(seen) == len(set(seen))
    assert {one for one in seen if one[:2] == ("c", "messages")} == {
        ("c", "messages", number) for number in (1, 3, 5)
    }
    assert sorted(number for _, name, number in seen if name == "all") == [4, 8]


async def test_an_anniversary_is_of_the_date_on_which_it_began_where_whoever_began_lived(world: Any) -> None:
    """It begins where the person lives now; and each has its own again when they part."""
    await begin(world, FIRST_MESSAGE)
    before = NOON - timedelta(days=60)
    await world.handle(on_members, member(world, "a", 1, ("UTC", before)))
    await world.handle(on_members, member(world, "b", 1, ("Pacific/Auckland", before)))
    # The fifth of March in Auckland.
    await world.handle(on_events, event(world, "first", "b", time=NOON - timedelta(minutes=30)))
    merging = Merging(world, on_members)

    async def is_due(name: str) -> datetime:
        async with world.begin() as tx:
            tx.now = NOON
            while await milestones.keep_anniversaries(tx):
                pass
        due: datetime = await world.pool.fetchval(
            "select due_at from anniversaries where community = $1 and member_id = $2",
            world.community,
            world.uuid(name),
        )
        return due

    auckland = datetime(2027, 3, 4, 11, tzinfo=UTC)
    assert await is_due("b") == auckland
    await merging.merge("b", "a")
    assert await is_due("a") == datetime(2027, 3, 5, tzinfo=UTC)
    await merging.unmerge("b")
    assert await is_due("b") == auckland
