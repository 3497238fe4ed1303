"""The register of personal data names every table, column and field: what is new is in it, or fails here."""

import importlib
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from typing_extensions import get_type_hints

from services.ingest.erasure.store import DELETED_TABLES
from services.ingest.members.handlers.told import on_members_told
from shared.contracts.facts import FACTS, MEMBER_FACT, RAW_EVENT
from shared.followed_members import on_members
from shared.http import encode_cursor
from shared.personal_data import HELD, NOBODYS, TOLD, Erased, Held
from shared.service import ServiceSpec
from shared.services import SERVICES
from tests.integration.services.world import NOON, World

pytestmark = pytest.mark.stack


@pytest.fixture(params=SERVICES)
def spec(request: pytest.FixtureRequest) -> ServiceSpec:
    made: ServiceSpec = importlib.import_module(f"services.{request.param}.main").SPEC
    return made


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["members:export"]


@pytest.fixture
def world(pool: asyncpg.Pool, spec: ServiceSpec) -> World:
    return World(pool, spec)


async def columns(pool: asyncpg.Pool) -> dict[str, set[str]]:
    rows = await pool.fetch(
        "select table_name, column_name from information_schema.columns where table_schema = 'public'"
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["table_name"], set()).add(row["column_name"])
    return found


def named(held: Held) -> set[str]:
    return {*held.personal.split(), *held.others.split()}


async def test_every_table_and_column_is_in_the_register(pool: asyncpg.Pool, spec: ServiceSpec) -> None:
    held = {one.table: named(one) for one in HELD[spec.name]}
    nobodys = {table: set(names.split()) for table, names in NOBODYS[spec.name].items()}

    assert held.keys().isdisjoint(nobodys)
    assert held | nobodys == await columns(pool)
    # Rows by a member's id are in an export.
    assert not [table for table, names in nobodys.items() if "member_id" in names]


async def test_a_members_rows_are_found_by_it(pool: asyncpg.Pool, spec: ServiceSpec) -> None:
    """Each way to find them is one that the database understands, as is the order."""
    for one in HELD[spec.name]:
        order = ", ".join(one.order.split())
        sql = f"select {order} from {one.table} t where community = $1 and ({one.whose}) order by {order}"
        assert await pool.fetch(sql, "nobodys", ["00000000-0000-7000-8000-000000000000"]) == []


async def be_there(world: World, spec: ServiceSpec, *member_ids: str) -> None:
    """Have them be members, by whatever the service knows who is one."""
    if spec.name == "ingest":
        sql = (
            "insert into members (community, member_id, channel, first_seen_at)"
            " select $1, m, 'chat', now() from unnest($2::uuid[]) m"
        )
    else:
        sql = (
            "insert into followed_members (community, member_id, revision)"
            " select $1, m, 1 from unnest($2::uuid[]) m on conflict do nothing"
        )
    await world.pool.execute(sql, world.community, list(member_ids))


async def test_of_an_id_that_nobody_has_it_is_said_that_nobody_has_it(
    api: httpx.AsyncClient, world: World, spec: ServiceSpec
) -> None:
    path = f"/v1/members/{uuid4()}/personal-data"
    for _ in range(2):
        answer = await api.get(path)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:plaudit:problem:unknown-member")


async def test_what_is_held_is_shown_page_by_page(api: httpx.AsyncClient, world: World, spec: ServiceSpec) -> None:
    member = world.uuid("ada")
    await be_there(world, spec, member)
    for number in range(3):
        await world.pool.execute(
            """
            insert into audit_entries (audit_id, at, community, kind, command, credential, object_kind, object_id,
                                       member_id)
            values ($1, now(), $2, 'read', 'test', 'test', 'member', $3, $3::text::uuid)
            """,
            world.uuid(f"entry {number}"),
            world.community,
            member,
        )
    path = f"/v1/members/{member}/personal-data"
    rows: list[Any] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = await api.get(path, params=query)
        assert page.status_code == 200, page.text
        rows += page.json()["items"]
        if page.json()["next"] is None:
            break
        query = {"limit": 2, "after": page.json()["next"]}
    ids = [one["row"]["audit_id"] for one in rows if one["row"].get("command") == "test"]
    assert ids == sorted(world.uuid(f"entry {number}") for number in range(3))
    # And who they are.
    assert {one["erased"] for one in rows} == {"stays", "blanked"}
    for broken in (["audit_entries", '{"audit_id": "x"}'], ["nothing", "{}"]):
        answer = await api.get(path, params={"after": encode_cursor(broken)})
        assert answer.status_code == (422 if broken[0] == "audit_entries" else 200), answer.text


async def test_what_is_held_of_all_who_are_one_is_shown(
    api: httpx.AsyncClient, world: World, spec: ServiceSpec
) -> None:
    ada, bob = str(uuid4()), str(uuid4())
    await be_there(world, spec, ada, bob)
    merge = MEMBER_FACT.validate_python(
        world.fact("member.merged.v1", "m", {"member_id": bob, "into_id": ada, "merged_at": NOON, "revision": 1})
    )
    await world.handle(on_members_told if spec.name == "ingest" else on_members, merge)
    await world.pool.execute(
        """
        insert into audit_entries (audit_id, at, community, kind, command, credential, object_kind, object_id,
                                   member_id)
        select gen_random_uuid(), now(), $1, 'read', 'test', 'test', 'member', m::text, m from unnest($2::uuid[]) m
        """,
        world.community,
        [ada, bob],
    )
    shown = (await api.get(f"/v1/members/{bob}/personal-data")).json()["items"]

    assert {one["row"]["member_id"] for one in shown if one["row"].get("command") == "test"} == {ada, bob}
    assert bob in {one["row"]["member_id"] for one in shown if one["table"] == "merges"}


def test_every_fact_and_field_is_in_the_register() -> None:
    fields: dict[str, set[str]] = {
        kind.name: {"data"} if kind is RAW_EVENT else set(hints(kind.data)) for kind in FACTS
    }

    assert {kind: {*told.personal.split(), *told.others.split()} for kind, told in TOLD.items()} == fields
    # Whatever is personal ends somehow.
    assert {kind for kind, told in TOLD.items() if told.personal} == {
        kind for kind, told in TOLD.items() if told.erased
    }


def hints(data: Any) -> dict[str, Any]:
    found: dict[str, Any] = get_type_hints(data)
    return found


def test_what_says_who_somebody_is_goes_or_is_said_to_stay() -> None:
    stay = {
        f"{service} {one.table}"
        for service in SERVICES
        for one in HELD[service]
        if one.personal and one.erased is Erased.STAYS
    }

    assert stay == {"ingest erased_identities", "rewards payouts", "rewards payout_findings"}
    deleted = {one.table for one in HELD["ingest"] if one.erased is Erased.DELETED} - {"followed_identities"}
    assert deleted == set(DELETED_TABLES)
