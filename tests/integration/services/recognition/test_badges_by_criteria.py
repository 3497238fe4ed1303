"""Badges that ask for several things: who has them holds them, whatever changed, in whatever order it came."""

import asyncio
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from services.recognition.badges.handlers import deciding
from services.recognition.badges.handlers.deciding import keep_badges, on_audiences
from services.recognition.badges.handlers.restoring import on_badges_told
from services.recognition.badges.store import standing as badges_store
from services.recognition.counts.handlers import keep_counting, on_events
from services.recognition.merges.handlers import on_members
from services.recognition.thresholds.handlers import on_programmes
from services.recognition.totals.handlers import on_grants_told, reevaluate
from shared.contracts.backfill import is_backfill
from shared.contracts.facts import RECOGNITION_FACT
from shared.topics import RECOGNITION
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_counted_badges import event, said
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

RULES = [
    {"id": "message", "title": "Wrote", "on": ["chat.message.v1"], "points": 1},
    {"id": "post", "title": "Posted", "on": ["forum.post.v1"], "points": 1},
]
ALL = {
    "id": "all",
    "title": "All of it",
    "when": 'events("message") >= 2 && points >= 5 && "staff" in audiences',
}
TWO = {"id": "two", "title": "The first two", "at_least": 5, "limited_to": 2}
TIERS = {
    "id": "writer",
    "title": "Writer",
    "rule": "message",
    "tiers": [{"id": "bronze", "title": "Bronze", "at_least": 1}, {"id": "gold", "title": "Gold", "at_least": 3}],
}


def programme(world: Any, version: int, *badges: Any, **more: Any) -> Any:
    document = {"rules": RULES, "recognition": {"badges": list(badges), **more}}
    return world.programme_fact(version, document)


def entered(world: Any, member: str, *, revision: int = 1, audience: str = "staff") -> Any:
    data = {
        "audience": audience,
        "member_id": world.uuid(member),
        "revision": revision,
        "since": NOON,
        "known_at": NOON,
        "programme_version": 1,
    }
    kind = "audience.entered.v1" if revision % 2 else "audience.left.v1"
    return world.fact(kind, f"{audience} {member} {revision}", data)


async def kept(world: Any) -> None:
    """Until nothing is due any more, of this community."""
    for _ in range(400):
        async with world.begin() as tx:
            await keep_counting(tx)
        async with world.begin() as tx:
            await reevaluate(tx)
        async with world.begin() as tx:
            await keep_badges(tx)
        if not await world.pool.fetchval(
            """
            select exists (select from badge_due where community = $1) or exists (
                select from programmes_in_force f left join counting c using (community)
                left join badge_sweeps s using (community)
                where community = $1 and (not f.evaluated or c.version is distinct from f.version
                    or not c.evaluated or s.version is distinct from f.version or not s.is_done))
            """,
            world.community,
        ):
            return
    raise AssertionError("badges do not come to rest")


def seen(grants: list[Any]) -> list[tuple[str, bool]]:
    return sorted(
        (f"{one['id']}/{one['tier']}" if "tier" in one else one["id"], "reverses" in one) for one in grants
    )


async def test_a_badge_of_several_things_follows_each_of_them(world: Any) -> None:
    await world.handle(on_programmes, programme(world, 1, ALL))
    await kept(world)
    await world.handle(on_events, event(world, 1), event(world, 2))
    award = world.award("a", 5)
    await world.awarded(award)
    await kept(world)
    assert await world.published() == []
    await world.handle(on_audiences, entered(world, "a"), entered(world, "a"))
    await kept(world)
    (granted,) = await world.published()
    assert (granted["id"], granted["member_id"]) == ("all", world.uuid("a"))
    assert granted["met"] == {"points": 5, "events(message)": 2, "audience(staff)": 1}
    assert "award_id" not in granted
    # Each of the three takes it away, and brings it back by a grant of its own.
    ids = {granted["grant_id"]}
    for handler, away, back in (
        (on_events, said(world, "retracted", 1, 1), said(world, "restored", 1, 2)),
        (on_audiences, entered(world, "a", revision=2), entered(world, "a", revision=3)),
    ):
        for fact, is_away in ((away, True), (back, False)):
            await world.handle(handler, fact)
            await kept(world)
            (change,) = await world.published()
            assert ("reverses" in change) == is_away
            ids.add(change["grant_id"])
    await world.awarded(world.reversal(award))
    await kept(world)
    assert seen(await world.published()) == [("all", True)]
    assert len(ids) == 5


async def test_what_a_badge_asks_for_is_told_with_its_title(world: Any, api: httpx.AsyncClient) -> None:
    streak = {"id": "daily", "title": "Every day", "rules": ["message"]}
    other = {"id": "weekly", "title": "Every week", "rules": ["message"]}
    badge = {"id": "three", "title": "Three days", "when": "streak( 'daily' ) >= 3 && points >= 1"}
    await world.handle(on_programmes, programme(world, 1, badge, streaks=[streak, other]))

    (listed,) = (await api.get("/v1/badges")).json()["badges"]
    shown = (await api.get("/v1/badges/three")).json()

    assert listed["titles"] == shown["titles"] == {"streak:daily": "Every day"}


async def test_a_streak_is_held_at_its_longest_whatever_time_passes(world: Any) -> None:
    streak = {"id": "daily", "title": "Daily", "rules": ["message"]}
    badge = {"id": "three", "title": "Three days", "when": 'streak("daily") >= 3'}
    await world.handle(on_programmes, programme(world, 1, badge, streaks=[streak]))
    await kept(world)
    days = [event(world, f"day {n}", time=NOON - timedelta(days=200 - n)) for n in (0, 2, 1, 5)]
    await world.handle(on_events, *days[:2])
    await kept(world)
    assert await world.published() == []
    await world.handle(on_events, *days[2:])
    await kept(world)
    assert seen(await world.published()) == [("three", False)]
    await world.handle(on_events, said(world, "retracted", "day 1", 1))
    await kept(world)
    assert seen(await world.published()) == [("three", True)]


async def test_tiers_stand_with_those_below_them(world: Any) -> None:
    await world.handle(on_programmes, programme(world, 1, TIERS))
    await kept(world)
    await world.handle(on_events, *(event(world, number) for number in range(3)))
    assert seen(await world.published()) == [("writer/bronze", False), ("writer/gold", False)]
    await world.handle(on_events, said(world, "retracted", 1, 1))
    assert seen(await world.published()) == [("writer/gold", True)]


@pytest.mark.parametrize("pieces", [1, 2_000])
async def test_a_new_badge_goes_to_who_has_it_coming_and_tells_nobody(
    world: Any, pieces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "PIECE_COUNT", pieces)
    await world.handle(on_programmes, programme(world, 1, TIERS))
    await kept(world)
    await world.awarded(*(world.award(name, 5) for name in "abcd"))
    await world.handle(on_events, *(event(world, f"{name}{n}", name) for name in "abe" for n in range(2)))
    await world.outbox()
    counted = {"id": "both", "title": "Both", "measure": 'events("message") + awards("post")', "at_least": 3}
    await world.handle(on_programmes, programme(world, 2, TIERS, counted))
    await kept(world)
    facts = [orjson.loads(row["value"]) for row in await world.outbox()]
    granted = sorted(fact["data"]["member_id"] for fact in facts)
    assert granted == sorted(world.uuid(name) for name in "ab")
    assert all(is_backfill(fact) for fact in facts)
    row = await world.pool.fetchrow("select * from badge_sweeps where community = $1", world.community)
    assert (row["members"], row["grants"], row["is_done"]) == (5, 2, True)
    # What asks for the same needs nobody to be looked at, and what is gone is taken back.
    await world.handle(on_programmes, programme(world, 3, TIERS, counted | {"title": "Renamed"}))
    await kept(world)
    assert await world.published() == []
    await world.handle(on_programmes, programme(world, 4, TIERS))
    await kept(world)
    assert seen(await world.published()) == [("both", True)] * 2


class KilledError(Exception):
    """What ends a process in the middle."""


async def test_a_backfill_whose_process_is_killed_in_each_piece_goes_on_where_it_was(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "PIECE_COUNT", 1)
    await world.handle(on_programmes, programme(world, 1, TIERS))
    await kept(world)
    await world.awarded(*(world.award(name, 5) for name in "abcd"))
    await kept(world)
    await world.outbox()
    killed: list[str | None] = []
    put_sweep = badges_store.put_sweep

    async def dies(conn: Any, sweep: Any) -> None:
        await put_sweep(conn, sweep)
        if sweep.community == world.community and sweep.after_member not in killed:
            killed.append(sweep.after_member)
            raise KilledError

    monkeypatch.setattr(badges_store, "put_sweep", dies)
    await world.handle(on_programmes, programme(world, 2, TIERS, TWO | {"limited_to": 3}))
    for number in range(5):
        with pytest.raises(KilledError) if number < 4 else nullcontext():
            await kept(world)
        # What comes meanwhile is looked at first.
        await world.awarded(world.award("abcd"[number % 4], 1))
    await kept(world)
    assert killed == sorted(world.uuid(name) for name in "abcd")
    granted = await world.published()
    assert sorted(one["edition"] for one in granted) == [1, 2, 3]
    assert len({one["member_id"] for one in granted}) == 3
    row = await world.pool.fetchrow("select * from badge_sweeps where community = $1", world.community)
    assert (row["members"], row["is_done"]) == (4, True)


async def test_of_a_limited_badge_there_are_never_more_whoever_decides_at_once(world: Any) -> None:
    await world.handle(on_programmes, programme(world, 1, TWO))
    await kept(world)
    awards = {world.uuid(name): world.award(name, 5) for name in "abcdefgh"}
    await world.awarded(*awards.values())

    async def decided() -> None:
        async with world.begin() as tx:
            await keep_badges(tx)

    await asyncio.gather(*(decided() for _ in range(4)))
    await kept(world)
    granted = await world.published()
    assert sorted(one["edition"] for one in granted) == [1, 2]
    # Who loses the points loses the badge and keeps the number: nobody else gets it.
    holder = granted[0]
    await world.awarded(world.reversal(awards[holder["member_id"]]))
    await kept(world)
    assert seen(await world.published()) == [("two", True)]
    name = next(one for one in "abcdefgh" if world.uuid(one) == holder["member_id"])
    await world.awarded(world.award(name, 5))
    await kept(world)
    (again,) = await world.published()
    assert (again["member_id"], again["edition"]) == (holder["member_id"], holder["edition"])


async def test_badges_of_who_is_merged_are_of_both_and_go_back_as_they_came(world: Any) -> None:
    merging = Merging(world, on_members)
    four = {"id": "four", "title": "Four", "when": 'events("message") >= 4'}
    one = {"id": "one", "title": "One", "when": 'events("message") >= 1'}
    await world.handle(on_programmes, programme(world, 1, one, four))
    await kept(world)
    await world.handle(on_events, *(event(world, f"{name}{n}", name) for name in "ab" for n in range(2)))
    await kept(world)
    before = await world.published()
    assert seen(before) == [("one", False)] * 2
    await merging.merge("b", "a")
    await kept(world)
    changes = await world.published()
    assert sorted((c["id"], c["member_id"] == world.uuid("a"), "reverses" in c) for c in changes) == [
        ("four", True, False),
        ("one", False, True),
    ]
    await merging.unmerge("b")
    await kept(world)
    changes = await world.published()
    assert sorted((c["id"], c["member_id"] == world.uuid("a"), "reverses" in c) for c in changes) == [
        ("four", True, True),
        ("one", False, False),
    ]


async def test_after_a_restore_what_a_person_had_before_they_were_merged_is_neither_granted_again_nor_taken(
    world: Any,
) -> None:
    badges = [
        {"id": name, "title": name, "when": f'events("message") >= {count}'}
        for name, count in (("one", 1), ("two", 2))
    ]
    await world.handle(on_programmes, programme(world, 1, *badges))
    await kept(world)
    await world.handle(on_events, *(event(world, f"b{number}", "b") for number in range(2)))
    await kept(world)
    await Merging(world, on_members).merge("b", "a")
    await kept(world)
    assert seen(await world.published()) == [("one", False), ("two", False)]

    async def standing() -> list[Any]:
        rows = await world.pool.fetch(
            "select member_id, standing from badge_members where community = $1 and standing <> '{}' order by 1",
            world.community,
        )
        return [(str(row["member_id"]), orjson.loads(row["standing"])) for row in rows]

    # Told of who is merged what is taken back, and of who stays what comes then: each is read back alone.
    for fact, change in ((said(world, "retracted", "b1", 1), True), (event(world, "a0", "a"), False)):
        await world.handle(on_events, fact)
        await kept(world)
        rows = [row for row in await world.outbox() if row["topic"] == RECOGNITION.name]
        told = [RECOGNITION_FACT.validate_json(row["value"]) for row in rows]
        assert seen([one["data"] for one in told]) == [("two", change)]
        before = await standing()
        await world.handle(on_grants_told, *told)
        await world.handle(on_badges_told, *told)
        await kept(world)
        assert await world.published() == []
        assert await standing() == before
