"""Boards of audiences: who is in one is followed, through merges and erasures, in any order of the facts."""

from typing import Any

import httpx
import pytest

from services.recognition.main import SPEC
from services.recognition.merges.handlers import on_members
from services.recognition.thresholds.handlers import on_programmes
from shared.access_keys import Public
from shared.contracts.facts import AUDIENCE_FACT, MEMBER_FACT
from shared.followed_audiences import on_audiences
from tests.integration.services.conftest import application
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_publishable_keys import show
from tests.integration.services.world import NOON, authorization

pytestmark = pytest.mark.stack

DOCUMENT = {"audiences": [{"id": "helpers", "title": "Helpers", "when": "member.answers > 2"}]}


def turn(world: Any, member: str, revision: int, audience: str = "helpers") -> Any:
    """What scoring tells: odd revisions entered, even ones left."""
    data = {
        "audience": audience,
        "member_id": world.uuid(member),
        "revision": revision,
        "since": NOON,
        "known_at": NOON,
        "programme_version": 1,
    }
    kind = "audience.entered.v1" if revision % 2 else "audience.left.v1"
    return AUDIENCE_FACT.validate_python(world.fact(kind, f"{audience} {member} {revision}", data))


def erased(world: Any, member: str) -> Any:
    data = {
        "member_id": world.uuid(member),
        "revision": 9,
        "erased_at": NOON,
        "identities": [],
        "forfeits": False,
    }
    return MEMBER_FACT.validate_python(world.fact("member.erased.v1", f"{member} erased", data))


@pytest.fixture
async def community(world: Any) -> Any:
    await world.handle(on_programmes, world.programme_fact(1, DOCUMENT))
    points = {"a": 30, "b": 20, "c": 20, "d": 7}
    await world.awarded(*(world.award(name, number) for name, number in points.items()))
    return world


async def board(world: Any, api: httpx.AsyncClient, **query: Any) -> list[tuple[int, str]]:
    answer = await api.get("/v1/leaderboard", params={"audience": "helpers", "limit": 2, **query})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["audience"] == {"id": "helpers", "title": "Helpers"}
    names = {world.uuid(name): name for name in "abcd"}
    found = [(one["rank"], names[one["member_id"]]) for one in body["items"]]
    return found + (await board(world, api, **query, after=body["next"]) if body["next"] else [])


async def test_ranks_are_among_the_members_of_an_audience(community: Any, api: httpx.AsyncClient) -> None:
    world = community
    assert await board(world, api) == []
    # In any order, and twice: the highest revision of each counts.
    facts = [
        turn(world, "b", 1),
        turn(world, "a", 2),
        turn(world, "a", 1),
        turn(world, "d", 1),
        turn(world, "c", 1),
    ]
    await world.handle(on_audiences, *facts, facts[0])
    await world.handle(on_audiences, turn(world, "a", 1), turn(world, "a", 1, "others"))
    tied = sorted("bc", key=world.uuid, reverse=True)
    for period in ("all", "month", "week"):
        at = NOON.isoformat()
        assert await board(world, api, period=period, at=at) == [(1, tied[0]), (1, tied[1]), (3, "d")]
    await world.handle(on_audiences, turn(world, "a", 3), turn(world, "b", 2))
    assert await board(world, api) == [(1, "a"), (2, "c"), (3, "d")]

    unknown = await api.get("/v1/leaderboard", params={"audience": "others"})
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:plaudit:problem:unknown-audience")


async def test_merged_members_are_who_scoring_says_and_erased_ones_are_nobody(
    community: Any, api: httpx.AsyncClient
) -> None:
    world = community
    await world.handle(on_audiences, turn(world, "b", 1), turn(world, "d", 1))
    merging = Merging(world, on_members)
    await merging.merge("b", "a")
    # Scoring says so a moment later; until then nobody of them is on the board, and nobody twice.
    assert await board(world, api) == [(1, "d")]
    await world.handle(on_audiences, turn(world, "b", 2), turn(world, "a", 1))
    assert await board(world, api) == [(1, "a"), (2, "d")]
    await merging.unmerge("b")
    await world.handle(on_audiences, turn(world, "a", 2), turn(world, "b", 3))
    assert await board(world, api) == [(1, "b"), (2, "d")]

    await world.handle(on_members, erased(world, "d"))
    await world.handle(on_audiences, turn(world, "d", 3))
    assert await board(world, api) == [(1, "b")]
    rows = await world.pool.fetchval(
        "select count(*) from followed_audiences where community = $1 and member_id = $2",
        world.community,
        world.uuid("d"),
    )
    assert rows == 0


async def test_who_is_in_an_audience_is_not_for_everybody(community: Any) -> None:
    world = community
    world.configure(key_cache_seconds=1e-9)
    await show(world, Public.BOARDS, revision=1)
    transport = httpx.ASGITransport(application(SPEC, world))
    headers = await authorization(world.pool, world.community, "public:read")
    browser = httpx.AsyncClient(transport=transport, base_url="http://recognition", headers=headers)
    assert (await browser.get("/v1/leaderboard")).status_code == 200
    refused = await browser.get("/v1/leaderboard", params={"audience": "helpers"})
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:plaudit:problem:missing-scope")
