"""What is known of members from a moment on: attributes as the programme declares them, and what members wish."""

from typing import Any

import pytest

from services.ingest.attributes.handlers import on_programmes
from services.ingest.members.domain import MemberKey
from services.ingest.members.handlers.telling import tell_members
from services.ingest.members.handlers.told import on_members_told
from shared.contracts.facts import MEMBER_IDENTIFIED
from tests.integration.services.ingest.conftest import Community, Published, event, handle, problem, raw_fact
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

ATTRIBUTES = [
    {"id": "tier", "title": "Tier", "for_rules": True, "personal": False},
    {"id": "seats", "title": "Seats", "type": "number", "personal": False},
    {"id": "birthday", "title": "Birthday"},
    {"id": "vip", "title": "Known to us", "type": "boolean"},
]


async def declared(community: Community, version: int = 1, attributes: Any = ATTRIBUTES) -> None:
    data = {
        "programme_id": "demo",
        "version": version,
        "effective_from": NOON,
        "published_by": "grace",
        "document": {"programme": "demo", "attributes": attributes, "rules": []},
        "document_sha256": "0" * 64,
    }
    async with community.begin() as tx:
        await on_programmes(tx, [{"community": community.name, "data": data}])  # type: ignore[typeddict-item]


async def said(community: Community, what: str, **body: Any) -> Any:
    return await community.client.put(f"/v1/members/forum:ada/{what}", json={"source": "crm"} | body)


async def told(community: Community) -> Any:
    """The member as it would be told now."""
    async with community.begin() as tx:
        found = await community.client.get("/v1/members/forum:ada")
        await tell_members(tx, keys=[MemberKey(community.name, found.json()["member_id"])])
        (fact,) = Published(tx).members
    return fact


async def test_values_have_their_moments_and_what_is_personal_stays(community: Community) -> None:
    await declared(community)
    await handle(community, raw_fact(community.name, event(1, "ada")))
    first = {"tier": "silver", "birthday": "1815-12-10"}
    assert (await said(community, "attributes", values=first, since="2026-01-01T00:00:00Z")).status_code == 200
    answer = await said(community, "attributes", values={"tier": "gold", "seats": 3}, since="2026-02-01T00:00:00Z")
    items = {(one["name"], one["value"]): one for one in answer.json()["items"]}
    assert set(items) == {("birthday", "1815-12-10"), ("seats", 3), ("tier", "silver"), ("tier", "gold")}
    assert [one["name"] for one in items.values() if not one["told"]] == ["birthday"]
    fact = await told(community)
    assert [(one["name"], one["value"]) for one in fact["data"]["dated"]] == [
        ("seats", 3),
        ("tier", "silver"),
        ("tier", "gold"),
    ]
    assert "1815" not in str(fact)
    # Who says what they said already, later and anew, adds nothing.
    revision = fact["data"]["revision"]
    assert (await said(community, "attributes", values={"tier": "gold", "seats": 3})).json() == answer.json()
    assert (await told(community))["data"]["revision"] == revision
    # Said again of the same moment, the last counts; what was known before is told as well.
    again = await said(community, "attributes", values={"tier": "bronze"}, since="2026-02-01T00:00:00Z")
    tiers = [one["value"] for one in again.json()["items"] if one["name"] == "tier"]
    assert tiers == ["silver", "bronze"]
    dated = (await told(community))["data"]["dated"]
    assert [one["value"] for one in dated if one["name"] == "tier"] == ["silver", "gold", "bronze"]
    said_at = [one["said_at"] for one in dated if one["name"] == "tier"]
    assert said_at == sorted(said_at)
    assert (await community.client.get("/v1/members/forum:ada/attributes")).json() == again.json()


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        ({"colour": "red"}, "declares no attribute `colour`"),
        ({"tier": 7}, "`tier` is a text"),
        ({"seats": "three"}, "`seats` is a number"),
        ({"seats": True}, "`seats` is a number"),
        ({"vip": 1}, "`vip` is a boolean"),
    ],
)
async def test_what_is_not_declared_is_refused(community: Community, values: dict[str, Any], detail: str) -> None:
    await declared(community)
    await handle(community, raw_fact(community.name, event(1, "ada")))
    (error,) = problem(await said(community, "attributes", values=values), 422)["errors"]
    assert error["field"] == f"/values/{next(iter(values))}"
    assert detail in error["detail"]
    assert (await community.client.get("/v1/members/forum:ada/attributes")).json() == {"items": []}


async def test_the_newest_version_declares(community: Community) -> None:
    await declared(community, 2, [{"id": "colour", "title": "Colour"}])
    await declared(community, 1)
    await handle(community, raw_fact(community.name, event(1, "ada")))
    assert (await said(community, "attributes", values={"tier": "gold"})).status_code == 422
    assert (await said(community, "attributes", values={"colour": "red"})).status_code == 200


async def test_who_wants_no_part_in_boards_is_on_none(community: Community) -> None:
    await handle(community, raw_fact(community.name, event(1, "ada")))
    wishes = {"time_zone": "Europe/Rome", "language": "it", "consents": {"newsletter": True}}
    assert (await said(community, "preferences", opt_outs={"boards": True}, **wishes)).status_code == 200
    fact = await told(community)
    assert fact["data"]["off_boards"] is True
    assert {one["name"]: one["value"] for one in fact["data"]["dated"]} == {
        "boards": True,
        "language": "it",
        "newsletter": True,
        "time_zone": "Europe/Rome",
    }
    assert (await community.client.get("/v1/members/forum:ada")).json()["ranks"] is False
    assert (await said(community, "preferences", opt_outs={"boards": False})).status_code == 200
    assert "off_boards" not in (await told(community))["data"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"time_zone": "Mars/Base"}, "/time_zone"),
        ({"language": "xx"}, "/language"),
        ({"opt_outs": {"everything": True}}, "/opt_outs/everything"),
        ({"language": "it", "since": "2100-01-01T00:00:00Z"}, "/since"),
    ],
)
async def test_wishes_that_cannot_be(community: Community, body: dict[str, Any], field: str) -> None:
    await handle(community, raw_fact(community.name, event(1, "ada")))
    said_back = problem(await said(community, "preferences", **body), 422)
    assert [error["field"] for error in said_back["errors"]] == [field]


async def test_what_was_told_is_known_again(community: Community) -> None:
    await declared(community)
    await handle(community, raw_fact(community.name, event(1, "ada")))
    await said(community, "attributes", values={"tier": "gold"}, since="2026-02-01T00:00:00Z")
    await said(community, "preferences", opt_outs={"boards": True}, since="2026-03-01T00:00:00Z")
    await community.client.put("/v1/members/forum:ada/standing", json={"staff": True, "bot": False})
    fact = await told(community)
    known = (await community.client.get("/v1/members/forum:ada/attributes")).json()
    async with community.pool.acquire() as conn:
        for table in ("dated_facts", "identities", "members"):
            await conn.execute(f"delete from {table} where community = $1", community.name)

    async with community.begin() as tx:
        await on_members_told(tx, [MEMBER_IDENTIFIED.adapter.validate_python(fact)])

    assert (await community.client.get("/v1/members/forum:ada/attributes")).json() == known
    ada = (await community.client.get("/v1/members/forum:ada")).json()
    assert (ada["standing"], ada["ranks"]) == ({"staff": "hand"}, False)
    again = await told(community)
    assert again["data"] == fact["data"]
