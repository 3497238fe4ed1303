"""A grant of a limited badge whose number is another member's gets its right number, when somebody asks for it."""

from collections.abc import Sequence
from typing import Any

import httpx
import orjson
import pytest

from services.recognition.merges.handlers import on_members
from services.recognition.thresholds.handlers import on_programmes
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_badges_by_criteria import kept, programme
from tests.integration.services.recognition.test_badges_by_hand import give, held, slug, take
from tests.integration.services.recognition.test_limited_badges import Holders, known, limited

pytestmark = pytest.mark.stack

BY_HAND = {"id": "hero", "title": "Hero", "by_hand": True, "limited_to": 3}


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["recognition:read", "recognition:write"]


async def begin(world: Any, count: int) -> tuple[Merging, Holders]:
    """As old versions left it: b holds what is of a's number."""
    merging, holders = Merging(world, on_members), Holders(world)
    await world.handle(on_programmes, programme(world, 1, limited(count), BY_HAND))
    await known(world)
    await world.awarded(world.award("b", 5))
    await kept(world)
    await merging.merge("b", "a")
    await kept(world)
    assert await holders.now() == {"b": 1}
    await to(world, "first", 1, "a")
    return merging, holders


async def to(world: Any, badge: str, number: int, member: str) -> None:
    """Have a number be another member's than the grant says."""
    await world.pool.execute(
        "update badge_editions set member_id = $4 where community = $1 and badge = $2 and number = $3",
        world.community,
        badge,
        number,
        world.uuid(member),
    )


async def found(api: httpx.AsyncClient, badge: str = "first") -> list[Any]:
    items: list[Any] = (await api.get(f"/v1/badges/{badge}/misnumbered")).json()["items"]
    return items


async def renumber(api: httpx.AsyncClient, grant_id: str, badge: str = "first") -> httpx.Response:
    path = f"/v1/badges/{badge}/misnumbered/{grant_id}/renumber"
    return await api.post(path, json={"reason": " Numbers of before\n the merge "})


async def test_it_gets_the_next_number_is_told_and_audited_and_done_once(
    world: Any, api: httpx.AsyncClient
) -> None:
    merging, holders = await begin(world, 2)
    await merging.unmerge("b")
    await kept(world)
    (wrong,) = await found(api)
    answer = await renumber(api, wrong["grant_id"])
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert (made["is_mended"], made["member_id"], made["edition"]) == (True, world.uuid("b"), 2)
    assert await holders.now() == {"b": 2}
    assert await found(api) == []
    # Sent again it changes nothing, tells nothing, and leaves no entry more.
    again = await renumber(api, wrong["grant_id"])
    assert (again.status_code, again.json()["is_mended"]) == (200, False)
    assert await world.published() == []
    rows = await world.pool.fetch(
        "select before, after from audit_entries where community = $1 and command = 'badge.renumber'",
        world.community,
    )
    ((before, after),) = [(orjson.loads(row["before"]), orjson.loads(row["after"])) for row in rows]
    assert before == {"grant_id": wrong["grant_id"], "edition": 1}
    assert after == {"grant_id": made["grant_id"], "edition": 2, "reason": "Numbers of before the merge"}
    # It goes with what it stands on, and comes back with its number; the other number is whose it is.
    await world.awarded(world.award("b", -1))
    await kept(world)
    assert await holders.now() == {}
    await world.awarded(world.award("b", 1), world.award("a", 5))
    await kept(world)
    assert await holders.now() == {"a": 1, "b": 2}


async def test_of_one_person_it_goes_to_whose_number_it_is_and_parts_with_them(
    world: Any, api: httpx.AsyncClient
) -> None:
    merging, holders = await begin(world, 1)
    (wrong,) = await found(api)
    assert wrong["is_persons"]
    assert (await renumber(api, wrong["grant_id"])).json()["member_id"] == world.uuid("a")
    assert await holders.now() == {"a": 1}
    await world.awarded(world.award("a", 5))
    await kept(world)
    await merging.unmerge("b")
    await kept(world)
    assert await holders.now() == {"a": 1}
    assert await found(api) == []


async def test_where_no_number_is_left_nothing_changes(world: Any, api: httpx.AsyncClient) -> None:
    merging, holders = await begin(world, 1)
    await merging.unmerge("b")
    await kept(world)
    before = await holders.now()
    (wrong,) = await found(api)
    answer = await renumber(api, wrong["grant_id"])
    assert (answer.status_code, slug(answer)) == (409, "editions-gone")
    assert await holders.now() == before
    assert await found(api) == [wrong]
    for grant_id, badge, said in (
        (world.uuid("nothing"), "first", "unknown-badge-grant"),
        (wrong["grant_id"], "hero", "unknown-badge-grant"),
        (wrong["grant_id"], "none", "unknown-badge-grant"),
    ):
        answer = await renumber(api, grant_id, badge)
        assert (answer.status_code, slug(answer)) == (404, said)
    answer = await api.post(f"/v1/badges/first/misnumbered/{wrong['grant_id']}/renumber", json={"reason": " \n"})
    assert (answer.status_code, slug(answer)) == (422, "no-words")


async def test_what_was_given_by_hand_keeps_its_words(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_programmes, programme(world, 1, BY_HAND))
    await known(world)
    await kept(world)
    first = (await give(api, world, "a", "hero")).json()
    await to(world, "hero", 1, "c")
    answer = await renumber(api, first["grant_id"], "hero")
    assert (answer.status_code, answer.json()["edition"]) == (200, 2)
    mine = (await held(api, world, "a"))["hero"]
    assert (mine["edition"], mine["citation"], mine["by_hand"]) == (2, "Kept the booth open", True)
    assert await found(api, "hero") == []
    assert (await take(api, world, "a", "hero")).status_code == 200
    assert "hero" not in await held(api, world, "a")
