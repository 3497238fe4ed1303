"""Every path about a member takes an identity as well as an id, in every service."""

import importlib
import itertools
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.ingest.members.handlers.told import on_members_told
from shared.access_keys import SCOPES
from shared.contracts.facts import MEMBER_FACT, MEMBER_IDENTIFIED, MemberFact, MemberIdentified
from shared.followed_members import on_members
from shared.merges import find_head, load_group
from shared.service import ServiceSpec
from shared.services import SERVICES
from tests.integration.services.test_undeclared import Operation, operations
from tests.integration.services.test_who_may import MEMBER, TOKEN_KEYS, know_token_keys, token
from tests.integration.services.world import NOON, World

pytestmark = pytest.mark.stack


@pytest.fixture(params=SERVICES)
def spec(request: pytest.FixtureRequest) -> ServiceSpec:
    made: ServiceSpec = importlib.import_module(f"services.{request.param}.main").SPEC
    return made


@pytest.fixture
def scopes() -> Sequence[str]:
    return SCOPES


@pytest.fixture
def world(pool: asyncpg.Pool, spec: ServiceSpec) -> World:
    return World(pool, spec)


def told(world: World, member: str, revision: int, *identities: str) -> MemberIdentified:
    return MEMBER_IDENTIFIED.adapter.validate_python(
        world.fact(
            "member.identified.v1",
            f"{member} {revision}",
            {
                "member_id": member,
                "name": "Ada",
                "identities": [world.identity("forum", one) for one in identities],
                "channel": "forum",
                "first_seen_at": NOON,
                "revision": revision,
            },
        )
    )


async def know(world: World, *facts: MemberFact) -> None:
    handler = on_members_told if world.service == "ingest" else on_members
    await world.handle(handler, *facts)


def about_members(service: str) -> list[tuple[str, Operation]]:
    """Each operation about a member, with its path up to the member and behind; what else it names is nowhere."""
    return [
        (OTHER_PARAMETER.sub(str(uuid4()), one.name.split(" ")[1].replace("{member_id}", "{}")), one)
        for one in operations(service)
        if "{member_id}" in one.name
    ]


OTHER_PARAMETER = re.compile(r"\{[a-z_]+\}")
#: After it the member is nobody's any more: by id and by identity it is asked in ingest/test_erasure.
ENDS_THEM = "POST /v1/members/{member_id}/erase"


async def answered(api: httpx.AsyncClient, one: Operation, path: str) -> tuple[int, Any]:
    answer = await one._replace(path=path).ask(api)
    # What a command answers the second time has what the first one said.
    body = answer.json() if one.method == "GET" else None
    if isinstance(body, dict):
        # A moment, what counts from it, or the path that was asked for.
        body = {
            name: value
            for name, value in body.items()
            if name not in ("at", "instance", "changed_at", "known_at", "remains")
        }
    return answer.status_code, body


async def test_by_identity_as_by_id(api: httpx.AsyncClient, world: World, spec: ServiceSpec) -> None:
    member, other = str(uuid4()), str(uuid4())
    await know(world, told(world, member, 1, "ada", "a/b"), told(world, other, 1, "bob"))
    found = about_members(spec.name)
    assert found
    for path, one in found:
        for identity in ("forum:ada", "forum: ada%E2%80%8B", "forum:a%252Fb") if one.name != ENDS_THEM else ():
            by_id = await answered(api, one, path.format(member))
            assert await answered(api, one, path.format(identity)) == by_id, one.name
        for identity, status in (("forum:zoe", 404), ("chat:ada", 404), ("forum:", 422), ("ada", 422)):
            assert (await answered(api, one, path.format(identity)))[0] == status, one.name


async def test_a_query_names_a_member_by_identity_as_by_id(
    api: httpx.AsyncClient, world: World, spec: ServiceSpec
) -> None:
    member = str(uuid4())
    await know(world, told(world, member, 1, "ada"))
    for one in operations(spec.name):
        if "member" not in one.parameters:
            continue
        by_id = await api.get(one.path, params={"member": member})
        # No programme has kudos here, so nobody has an allowance.
        assert by_id.status_code == (409 if one.path == "/v1/kudos/allowance" else 200), one.name
        by_identity = await api.get(one.path, params={"member": "forum:ada"})
        same = (by_id.status_code, by_id.content)
        assert (by_identity.status_code, by_identity.content) == same, one.name
        for identity, status in (("forum:zoe", 404), ("forum:", 422), ("ada", 422)):
            refused = await api.get(one.path, params={"member": identity})
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (status, "member"), one.name


def test_every_member_that_a_request_may_name_is_named_by_id_or_identity() -> None:
    """A parameter or a body's field for a member that takes ids alone would be one of these."""
    named = {
        f"{service} {one.name}": sorted({*one.parameters, *(one.body or {})} & {"member", "member_id"})
        for service in SERVICES
        for one in operations(service)
    }
    assert {name: fields for name, fields in named.items() if fields} == {
        "ingest GET /v1/messages": ["member"],
        "ingest GET /v1/kudos": ["member"],
        "ingest GET /v1/kudos/allowance": ["member"],
        "ingest GET /v1/ideas": ["member"],
        "ingest POST /v1/ideas/{idea_id}/vote": ["member"],
        "ingest POST /v1/ideas/{idea_id}/withdraw": ["member"],
        "ingest POST /v1/nominations/{nomination_id}/accept": ["member"],
        "ingest POST /v1/nominations/{nomination_id}/decline": ["member"],
        "ingest POST /v1/nominations/{nomination_id}/vote": ["member"],
        "ingest POST /v1/communities/{community}/people/{person_id}/tie": ["member"],
        "ingest POST /v1/communities/{community}/people/{person_id}/untie": ["member"],
        "ingest POST /v1/members/{member_id}/merge": ["member_id"],
        "ingest POST /v1/members/{member_id}/unmerge": ["member_id"],
        "scoring GET /v1/awards": ["member"],
        "scoring GET /v1/manual-awards": ["member"],
        "scoring GET /v1/signals": ["member"],
        "scoring GET /v1/guideline-cases": ["member"],
        "scoring POST /v1/suspensions": ["member"],
        "scoring POST /v1/manual-awards": ["member"],
        "rewards GET /v1/payouts": ["member"],
        "rewards GET /v1/payout-holds": ["member"],
        "rewards GET /v1/payout-clearances": ["member"],
        "rewards GET /v1/payee-attestations": ["member"],
        "rewards GET /v1/payout-totals/{year}": ["member"],
        "rewards GET /v1/debt-write-offs": ["member"],
        "rewards POST /v1/debt-write-offs": ["member_id"],
        "rewards GET /v1/redemptions": ["member"],
        "rewards POST /v1/redemptions": ["member_id"],
        "recognition GET /v1/celebrations": ["member"],
        "recognition GET /v1/totals": ["member"],
        "analytics GET /v1/audit": ["member"],
        "analytics GET /v1/audit.csv": ["member"],
    }


@pytest.mark.parametrize("spec", [service for service in SERVICES if service != "ingest"], indirect=True)
async def test_an_identity_is_whose_it_was_said_to_be_last(world: World) -> None:
    member, other = str(uuid4()), str(uuid4())
    await know(world, told(world, member, 1, "ada", "lovelace"), told(world, other, 1, "bob"))
    # One goes from one to the other, who is heard of first; then what was before comes, late.
    for fact in (
        told(world, other, 3, "bob", "lovelace"),
        told(world, member, 1, "ada", "lovelace"),
        told(world, member, 2, "ada"),
        told(world, other, 2, "bob"),
    ):
        await know(world, fact)
    rows = await world.pool.fetch(
        "select member_id, count(*) from followed_identities where community = $1 group by 1", world.community
    )
    assert {str(row["member_id"]): row["count"] for row in rows} == {member: 1, other: 2}


async def test_an_identity_that_a_restored_service_said_twice_is_known_once(world: World) -> None:
    member = str(uuid4())
    await know(world, told(world, member, 1, "ada", "lovelace", "ada"))
    table = "told_identities" if world.service == "ingest" else "followed_identities"
    rows = await world.pool.fetch(f"select identity_hash from {table} where community = $1", world.community)
    assert len(rows) == 2


async def test_a_member_reaches_their_own_by_an_identity_and_nobody_elses(
    clients: Callable[..., Awaitable[httpx.AsyncClient]], world: World, spec: ServiceSpec
) -> None:
    await know_token_keys(world.pool)
    await know(world, told(world, MEMBER, 1, "ada"), told(world, str(uuid4()), 1, "bob"))
    api = await clients("points:read")
    api.headers.update(token(world.community, MEMBER, MEMBER))
    assert TOKEN_KEYS
    for path, one in about_members(spec.name):
        if not one.name.startswith("GET /v1/members/"):
            continue
        own, _ = await answered(api, one, path.format("forum:ada"))
        assert own not in (401, 403), one.name
        # Whether there is such a member is not for them to know.
        for identity in ("forum:bob", "forum:nobody"):
            assert (await answered(api, one, path.format(identity)))[0] == 403, one.name


def merge_told(world: World, member: str, into: str, revision: int, *, at: datetime = NOON) -> MemberFact:
    data = {"member_id": member, "into_id": into, "merged_at": at, "revision": revision}
    kind = "member.merged.v1"
    if revision % 2 == 0:
        kind, data = "member.unmerged.v1", data | {"unmerged_at": at}
    return MEMBER_FACT.validate_python(world.fact(kind, f"{member} merge {revision}", data))


@pytest.mark.parametrize("spec", ["recognition", "ingest"], indirect=True)
async def test_who_belongs_to_whom_is_one_in_every_order_of_facts(world: World) -> None:
    """A chain, an end, and another beginning the other way round: a circle where they come in another order."""
    ada, bob, cy = members = [world.uuid(name) for name in ("ada", "bob", "cy")]
    facts = [
        merge_told(world, ada, bob, 1),
        merge_told(world, bob, cy, 1),
        merge_told(world, bob, cy, 2),
        merge_told(world, bob, cy, 2),
        merge_told(world, cy, ada, 1),
    ]
    for order in itertools.permutations(facts):
        await world.pool.execute("delete from merges where community = $1", world.community)
        for fact in order:
            await know(world, fact)
        async with world.pool.acquire() as conn:
            found = {await find_head(conn, community=world.community, member_id=one) for one in members}
            assert found == {bob}
            assert await load_group(conn, community=world.community, head_id=bob) == [bob, *sorted([ada, cy])]


async def test_whoever_is_merged_is_named_as_whom_it_belongs_to(
    api: httpx.AsyncClient, world: World, spec: ServiceSpec
) -> None:
    ada, bob = str(uuid4()), str(uuid4())
    await know(world, told(world, ada, 1, "ada"), told(world, bob, 1, "bob"), merge_told(world, bob, ada, 1))
    for path, one in about_members(spec.name):
        if one.method == "GET":
            by_id = await answered(api, one, path.format(ada))
            for name in (bob, "forum:bob"):
                assert await answered(api, one, path.format(name)) == by_id, one.name
    await know(world, merge_told(world, bob, ada, 2))
    async with world.pool.acquire() as conn:
        assert await find_head(conn, community=world.community, member_id=bob) == bob


async def test_a_token_of_before_a_merge_shows_the_member_who_stays(
    clients: Callable[..., Awaitable[httpx.AsyncClient]], world: World, spec: ServiceSpec
) -> None:
    await know_token_keys(world.pool)
    ada = str(uuid4())
    await know(world, told(world, MEMBER, 1, "bob"), told(world, ada, 1, "ada"), merge_told(world, MEMBER, ada, 1))
    api = await clients("points:read")
    api.headers.update(token(world.community, MEMBER, MEMBER))
    for path, one in about_members(spec.name):
        if one.name.startswith("GET /v1/members/"):
            for name in (ada, MEMBER, "forum:ada", "forum:bob"):
                assert (await answered(api, one, path.format(name)))[0] not in (401, 403), one.name
