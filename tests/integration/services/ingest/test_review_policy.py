"""Who reviews: one administrator alone never makes it fewer people, in whatever order they try."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import product
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest

from services.ingest.communities.handlers import on_communities_told
from services.ingest.main import SPEC
from shared.access_keys import INSTALLATION, SCOPES, Role
from shared.access_keys.store import put_people
from shared.contracts.facts import COMMUNITY_CHANGED
from shared.service import ServiceSpec
from shared.topics import COMMUNITIES
from tests.integration.services.world import World, add_person, authorization, person_fact

pytestmark = pytest.mark.stack

ONE, TWO = ({"publishing": policy, "backtest": False} for policy in ("one_person", "two_people"))


@pytest.fixture
def spec() -> ServiceSpec:
    return SPEC


@pytest.fixture
def scopes() -> Any:
    return SCOPES


@pytest.fixture
def world(pool: asyncpg.Pool) -> World:
    return World(pool, SPEC)


class Board(NamedTuple):
    """A community of which two people review, and its administrators."""

    world: World
    ada: httpx.AsyncClient
    ada_id: str
    adas_other_key: httpx.AsyncClient
    bob: httpx.AsyncClient
    root: httpx.AsyncClient

    @property
    def path(self) -> str:
        return f"/v1/communities/{self.world.community}"

    async def shown(self) -> Any:
        return (await self.ada.get(self.path)).json()

    async def ask(self, by: httpx.AsyncClient, policy: Any, status: int = 200, **more: Any) -> Any:
        revision = (await self.shown())["revision"]
        answer = await by.patch(self.path, json={"revision": revision, "review_policy": policy} | more)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def decide(self, by: httpx.AsyncClient, verb: str, status: int = 200) -> Any:
        answer = await by.post(f"{self.path}/review-policy/{verb}")
        assert answer.status_code == status, answer.text
        return answer.json()

    async def told(self) -> list[tuple[int, str]]:
        """Revision and policy of each fact since the last time."""
        facts = [
            COMMUNITY_CHANGED.adapter.validate_json(row["value"])["data"]
            for row in await self.world.outbox()
            if row["topic"] == COMMUNITIES.name
        ]
        return [(one["revision"], one["review_policy"]["publishing"]) for one in facts]


@pytest.fixture
async def board(world: World, clients: Callable[..., Awaitable[httpx.AsyncClient]]) -> Board:
    ada_id = await add_person(world.pool, world.community)
    root = await clients()
    root_id = await add_person(world.pool, INSTALLATION, Role.ADMINISTRATOR)
    root.headers.update(await authorization(world.pool, INSTALLATION, *SCOPES, person_id=root_id))
    made = Board(
        world,
        await clients(person_id=ada_id),
        ada_id,
        await clients(person_id=ada_id),
        await clients(),
        root,
    )
    body = {"id": world.community, "title": "Acme", "review_policy": TWO}
    declared = await root.post("/v1/communities", json=body)
    assert declared.status_code == 201, declared.text
    assert await made.told() == [(1, "two_people")]
    return made


async def test_one_person_asks_and_another_makes_it_so(board: Board) -> None:
    asked = await board.ask(board.ada, ONE)
    assert (asked["review_policy"], asked["revision"]) == (TWO, 1)
    assert (asked["proposed_policy"]["publishing"], asked["proposed_policy"]["asked_by"]) == (
        "one_person",
        board.ada_id,
    )
    assert await board.told() == []

    approved = await board.decide(board.bob, "approve")

    assert (approved["review_policy"], approved["proposed_policy"], approved["revision"]) == (ONE, None, 2)
    assert await board.told() == [(2, "one_person")]
    assert (await board.decide(board.bob, "approve", 409))["type"] == "urn:plaudit:problem:nothing-waits"
    # Raising it takes one person.
    assert (await board.ask(board.ada, TWO))["review_policy"] == TWO
    assert await board.told() == [(3, "two_people")]


async def test_an_administrator_of_the_installation_is_one_of_the_two(board: Board) -> None:
    await board.ask(board.root, ONE)
    assert (await board.decide(board.root, "approve", 403))["type"] == "urn:plaudit:problem:policy-four-eyes"
    assert (await board.decide(board.ada, "approve"))["review_policy"] == ONE


async def asks(board: Board) -> None:
    await board.ask(board.ada, ONE)


async def asks_by_another_key(board: Board) -> None:
    await board.ask(board.adas_other_key, ONE)


async def approves(board: Board) -> None:
    await board.ada.post(f"{board.path}/review-policy/approve")


async def approves_by_another_key(board: Board) -> None:
    await board.adas_other_key.post(f"{board.path}/review-policy/approve")


async def withdraws(board: Board) -> None:
    await board.ada.post(f"{board.path}/review-policy/withdraw")


async def raises(board: Board) -> None:
    await board.ask(board.ada, TWO)


async def asks_beside_something_else(board: Board) -> None:
    await board.ask(board.ada, ONE, title="Acme's users", bots=["ci-*"])


ALONE = (asks, asks_by_another_key, approves, approves_by_another_key, withdraws, raises)


async def test_one_alone_lowers_it_in_no_order(board: Board) -> None:
    """Each step after each other, whatever the steps before have left."""
    for steps in product(ALONE, repeat=2):
        for step in steps:
            await step(board)
            assert (await board.shown())["review_policy"] == TWO, [one.__name__ for one in steps]
    assert {policy for _, policy in await board.told()} <= {"two_people"}


async def test_what_else_the_change_says_is_so_at_once(board: Board) -> None:
    await asks_beside_something_else(board)

    shown = await board.shown()
    assert (shown["title"], shown["bots"], shown["revision"]) == ("Acme's users", ["ci-*"], 2)
    assert shown["review_policy"] == TWO
    # What somebody changes meanwhile neither ends nor approves what waits.
    await board.bob.patch(board.path, json={"revision": 2, "title": "Acme"})
    assert (await board.shown())["proposed_policy"] == shown["proposed_policy"]
    assert (await board.decide(board.bob, "approve"))["title"] == "Acme"


async def test_asking_as_well_is_no_approval(board: Board) -> None:
    await board.ask(board.ada, ONE)
    again = await board.ask(board.bob, ONE)
    assert (again["review_policy"], again["proposed_policy"]["asked_by"]) == (TWO, board.ada_id)


@pytest.mark.parametrize("end", ["disabled", "without the role"])
async def test_who_asked_and_may_not_any_more_has_asked_in_vain(board: Board, end: str) -> None:
    await board.ask(board.ada, ONE)
    roles = [*Role] if end == "disabled" else [Role.OPERATOR]
    async with board.world.begin() as tx:
        fact = person_fact(board.world.community, board.ada_id, *roles, disabled=end == "disabled", revision=2)
        await put_people(tx.conn, [fact])

    refused = await board.decide(board.bob, "approve", 409)

    assert refused["type"] == "urn:plaudit:problem:proposer-gone"
    await board.decide(board.bob, "withdraw")
    await board.ask(board.bob, ONE)
    assert (await board.decide(board.root, "approve"))["review_policy"] == ONE


async def test_what_was_withdrawn_or_raised_again_waits_no_more(board: Board) -> None:
    for ends in (lambda: board.decide(board.bob, "withdraw"), lambda: board.ask(board.bob, TWO)):
        await board.ask(board.ada, ONE)
        assert (await ends())["proposed_policy"] is None
        assert (await board.decide(board.bob, "approve", 409))["type"].endswith("nothing-waits")
    assert (await board.shown())["review_policy"] == TWO


async def test_who_raises_it_while_another_approves_has_it_raised_or_nothing_to_approve(board: Board) -> None:
    await board.ask(board.ada, ONE)
    body = {"revision": 1, "review_policy": TWO}

    raised, approved = await asyncio.gather(
        board.root.patch(board.path, json=body), board.bob.post(f"{board.path}/review-policy/approve")
    )

    # Whoever comes second sees what the first did: two people, or a revision that is another.
    assert (raised.status_code, approved.status_code) in {(200, 409), (409, 200)}
    expected = TWO if raised.is_success else ONE
    assert (await board.shown())["review_policy"] == expected


async def test_a_database_of_yesterday_has_nothing_wait_that_was_decided_since(board: Board) -> None:
    await board.ask(board.ada, ONE)
    example = COMMUNITY_CHANGED.adapter.validate_python(COMMUNITY_CHANGED.examples[0])
    told: Any = example | {"community": board.world.community}
    told["data"] = told["data"] | {"revision": 3, "review_policy": TWO}
    async with board.world.begin() as tx:
        await on_communities_told(tx, [told])

    assert (await board.shown())["proposed_policy"] is None
    assert (await board.decide(board.bob, "approve", 409))["type"].endswith("nothing-waits")
