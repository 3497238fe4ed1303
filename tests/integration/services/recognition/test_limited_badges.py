"""Limited badges: of whoever merges and parts, in any order, there are never more than there are numbers."""

from contextlib import suppress
from random import Random
from typing import Any

import httpx
import pytest

from services.recognition.badges.domain.by_hand import (
    EditionsGoneError,
    HeldAlreadyError,
    NotByHandError,
    NotHeldError,
)
from services.recognition.badges.handlers import numbering
from services.recognition.badges.handlers.by_hand import give, take_back
from services.recognition.badges.handlers.restoring import on_badges_told
from services.recognition.hands.domain import Giver
from services.recognition.merges.handlers import on_members
from services.recognition.thresholds.handlers import on_programmes
from services.recognition.totals.handlers import on_grants_told
from shared.contracts.facts import RECOGNITION_FACT
from shared.topics import RECOGNITION
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_badges_by_criteria import kept, programme
from tests.integration.services.recognition.test_boards_kept import told_of

pytestmark = pytest.mark.stack

BY_HAND = {"by_hand": True, "limited_to": 2}


def limited(count: int) -> dict[str, Any]:
    return {"id": "first", "title": "The first", "at_least": 5, "limited_to": count}


class Holders:
    """Who holds which number, by all that was told."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.held: dict[str, tuple[str, int]] = {}

    async def now(self) -> dict[str, int]:
        names = {self.world.uuid(name): name for name in "abcdefgh"}
        for one in await self.world.published():
            if "reverses" in one:
                del self.held[one["reverses"]]
            else:
                self.held[one["grant_id"]] = (names[one["member_id"]], one["edition"])
        found = sorted(set(self.held.values()))
        assert len(dict(found)) == len(found), found
        assert len({edition for _, edition in found}) == len(found), found
        return dict(found)


async def test_a_number_goes_with_its_member_who_has_it_again_as_one_with_another(world: Any) -> None:
    merging, holders = Merging(world, on_members), Holders(world)
    await world.handle(on_programmes, programme(world, 1, limited(1)))
    await kept(world)
    first = world.award("b", 5)
    await world.awarded(first)
    await kept(world)
    assert await holders.now() == {"b": 1}
    await merging.merge("b", "a")
    await world.awarded(world.reversal(first))
    await kept(world)
    assert await holders.now() == {}
    await world.awarded(world.award("a", 5))
    await kept(world)
    # Both are one person: it is granted to whose number it is.
    assert await holders.now() == {"b": 1}
    await merging.unmerge("b")
    await kept(world)
    assert await holders.now() == {}
    await world.awarded(world.award("b", 5))
    await kept(world)
    assert await holders.now() == {"b": 1}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_comes_in_whatever_order_no_number_is_held_twice(world: Any, seed: int) -> None:
    random, count = Random(seed), 2
    merging, holders = Merging(world, on_members), Holders(world)
    await world.handle(on_programmes, programme(world, 1, limited(count)))
    await kept(world)
    await known(world)
    awards: dict[str, Any] = {}
    for _ in range(60):
        await something(world, random, merging=merging, awards=awards)
        if random.random() < 0.7:
            await kept(world)
            assert len(await holders.now()) <= count
    await kept(world)
    assert len(await holders.now()) <= count
    assert not (await free(world) and await line(world))


async def test_of_who_was_given_it_twice_before_they_were_one_both_are_taken_and_both_numbers_are_free(
    world: Any,
) -> None:
    merging, holders = Merging(world, on_members), Holders(world)
    await world.handle(on_programmes, programme(world, 1, {"id": "first", "title": "The first"} | BY_HAND))
    await kept(world)
    await known(world)
    for name in "ab":
        await by_hand(world, give, name)
    assert await holders.now() == {"a": 1, "b": 2}
    await merging.merge("b", "a")
    await by_hand(world, take_back, "a")
    assert await holders.now() == {}
    for name in "cd":
        await by_hand(world, give, name)
    await merging.unmerge("b")
    assert await holders.now() == {"c": 1, "d": 2}


async def test_a_free_number_goes_down_the_line_to_who_still_has_what_it_asks_for(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbering, "ASKED_MAX_COUNT", 1)
    holders = Holders(world)
    await world.handle(on_programmes, programme(world, 1, limited(2)))
    await known(world)
    awards: dict[str, Any] = {}
    for name in "abcdefg":
        await world.awarded(awarded(world, awards, name))
        await kept(world)
    assert await line(world) == list("cdefg")
    # Who loses what it asks for leaves the line when they are looked at, or when they are asked.
    await world.awarded(world.reversal(awards["d"]))
    await kept(world)
    assert await line(world) == list("cefg")
    await world.awarded(world.reversal(awards["c"]), world.reversal(awards["e"]))
    for name in "ab":
        await by_hand(world, take_back, name)
    await kept(world)
    assert await holders.now() == {"f": 1, "g": 2}
    assert await line(world) == []


@pytest.mark.parametrize("into", ["a", "d"])
async def test_the_place_of_who_is_merged_is_of_who_stays(world: Any, into: str) -> None:
    merging, holders = Merging(world, on_members), Holders(world)
    await world.handle(on_programmes, programme(world, 1, limited(1)))
    await known(world)
    for name in "abc":
        await world.awarded(world.award(name, 5))
        await kept(world)
    # Into who holds it: the next is asked. Into who has nothing: they are before whoever came later.
    await merging.merge("b", into)
    await kept(world)
    assert await line(world) == (["c"] if into == "a" else ["b", "c"])
    await by_hand(world, take_back, "a")
    await kept(world)
    assert await holders.now() == {"c" if into == "a" else "d": 1}


@pytest.mark.parametrize("gives_first", [False, True])
async def test_of_a_version_that_gives_points_with_it_all_are_looked_at_again(
    world: Any, gives_first: bool
) -> None:
    holders = Holders(world)
    plain, gives = limited(2), limited(2) | {"gives": {"points": 5}}
    versions = [gives, plain] if gives_first else [plain, gives]
    given = world.award("a", 5)
    given["data"]["event_type"] = "recognition.granted.v1"
    await world.awarded(given)
    for number, badge in enumerate(versions, 1):
        await world.handle(on_programmes, programme(world, number, badge))
        await kept(world)
        # Points that came with a grant do not count towards what gives some.
        assert await holders.now() == ({"a": 1} if badge is plain else {})


@pytest.mark.parametrize("seed", [1, 2])
async def test_after_a_restore_numbers_are_whose_they_were_and_free_that_were(world: Any, seed: int) -> None:
    """Read back of all that was told and of what came last, and by a database that knows it already."""
    random = Random(seed)
    merging = Merging(world, on_members)
    await world.handle(on_programmes, programme(world, 1, limited(3)))
    await known(world)
    awards: dict[str, Any] = {}
    told: list[Any] = []
    backup: tuple[int, list[Any], list[Any]] = (0, [], [])
    for number in range(60):
        await something(world, random, merging=merging, awards=awards)
        if random.random() < 0.7:
            await kept(world)
        rows = [row for row in await world.outbox() if row["topic"] == RECOGNITION.name]
        told += [RECOGNITION_FACT.validate_json(row["value"]) for row in rows]
        if number == 30:
            backup = (len(told), *await numbers(world))
    before = await numbers(world)
    assert any("freed" in one["data"] for one in told)
    for since, editions, rooms in ((0, [], []), backup, (0, *before)):
        await restored(world, editions, rooms)
        # As batches are cut somewhere.
        cut = random.randrange(since, len(told))
        for some in (told[since:cut], told[cut:]):
            await world.handle(on_grants_told, *some)
            await world.handle(on_badges_told, *some)
        assert await numbers(world) == before


async def something(world: Any, random: Random, *, merging: Merging, awards: dict[str, Any]) -> None:
    """Somebody gets the badge or loses it, by what they did or by hand, or is merged or parts."""
    name = random.choice("abcd")
    if random.random() < 0.25:
        await by_hand(world, random.choice([give, take_back]), merging.head(name))
    elif random.random() < 0.6:
        await world.awarded(world.reversal(awards.pop(name)) if name in awards else awarded(world, awards, name))
    elif name in merging.into:
        await merging.unmerge(name)
    elif (into := random.choice("abcd")) != name and merging.head(into) != name:
        await merging.merge(name, into)


async def numbers(world: Any) -> tuple[list[Any], list[Any]]:
    """Whose the numbers are, and how many were given and which of them are free."""
    editions = await world.pool.fetch(
        """
        select badge, number, member_id, timestamptz 'epoch' as given_at from badge_editions
        where community = $1 order by badge, number
        """,
        world.community,
    )
    rooms = await world.pool.fetch(
        """
        select badge, given, array(select unnest(freed) order by 1) as freed from badge_limits
        where community = $1 order by badge
        """,
        world.community,
    )
    return [tuple(row) for row in editions], [tuple(row) for row in rooms]


async def restored(world: Any, editions: list[Any], rooms: list[Any]) -> None:
    """Have the numbers be those of a backup."""
    for table in ("badge_editions", "badge_limits"):
        await world.pool.execute(f"delete from {table} where community = $1", world.community)
    await world.pool.executemany(
        "insert into badge_editions (community, badge, number, member_id, given_at) values ($1, $2, $3, $4, $5)",
        [(world.community, *one) for one in editions],
    )
    await world.pool.executemany(
        "insert into badge_limits (community, badge, given, freed) values ($1, $2, $3, $4)",
        [(world.community, *one) for one in rooms],
    )


async def line(world: Any) -> list[str]:
    """Who waits, the longest first."""
    names = {world.uuid(name): name for name in "abcdefg"}
    rows = await world.pool.fetch(
        "select member_id from badge_waiting where community = $1 order by since, member_id", world.community
    )
    return [names[str(row["member_id"])] for row in rows]


async def free(world: Any) -> int:
    """How many numbers there are still."""
    found = await world.pool.fetchval(
        "select 2 - given + cardinality(freed) from badge_limits where community = $1", world.community
    )
    return 2 if found is None else int(found)


async def known(world: Any) -> None:
    await world.handle(on_members, *(told_of(world, name, 1) for name in "abcd"))


async def by_hand(world: Any, command: Any, name: str) -> None:
    """Give or take the badge where that can be."""
    words = {"citation": "Was there"} if command is give else {"reason": "Was not there"}
    member = {"community": world.community, "member_id": world.uuid(name), "badge_id": "first"}
    with suppress(NotByHandError, HeldAlreadyError, NotHeldError, EditionsGoneError):
        async with world.begin() as tx:
            await command(tx, **member, **words, by=Giver(None, "Ada"))


def awarded(world: Any, awards: dict[str, Any], name: str) -> Any:
    awards[name] = world.award(name, 5)
    return awards[name]


async def test_a_grant_with_a_number_of_another_is_found_and_mended_by_taking_it_back_and_giving_it(
    world: Any, api: httpx.AsyncClient
) -> None:
    """As versions made them that granted to who stays what was of another member's number."""
    merging, holders = Merging(world, on_members), Holders(world)
    await world.handle(on_programmes, programme(world, 1, limited(2)))
    await known(world)
    await world.awarded(world.award("b", 5))
    await kept(world)
    await merging.merge("b", "a")
    await world.pool.execute(
        "update badge_editions set member_id = $2 where community = $1 and number = 1",
        world.community,
        world.uuid("a"),
    )

    async def found() -> list[tuple[str, int, str | None, bool]]:
        answer = await api.get("/v1/badges/first/misnumbered", params={"limit": 2})
        assert answer.status_code == 200, answer.text
        assert answer.json()["next"] is None
        return [
            (one["member_id"], one["edition"], one["owner_id"], one["is_persons"])
            for one in answer.json()["items"]
        ]

    assert await found() == [(world.uuid("b"), 1, world.uuid("a"), True)]
    await merging.unmerge("b")
    await kept(world)
    assert await found() == [(world.uuid("b"), 1, world.uuid("a"), False)]
    await by_hand(world, take_back, "b")
    assert await found() == []
    await by_hand(world, give, "b")
    await world.awarded(world.award("a", 5))
    await kept(world)
    assert await holders.now() == {"a": 1, "b": 2}
    assert await found() == []
    assert (await api.get("/v1/badges/other/misnumbered")).status_code == 404
