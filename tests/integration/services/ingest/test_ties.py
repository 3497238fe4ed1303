"""Which member a person is: said by an administrator, shown by a token, or found by the provider's subject."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.ingest.main import SPEC
from services.ingest.settings import Settings
from shared.access_keys import load_own
from shared.contracts.facts import PEOPLE_FACT
from shared.signatures import Verifier
from shared.topics import PEOPLE
from tests.integration.services.ingest.conftest import Community, event, problem
from tests.integration.services.ingest.provider import (
    CLIENT,
    ISSUER,
    Provider,
    add_managed,
    bearer,
    link_of,
    sign_in,
)
from tests.integration.services.process import read, running
from tests.integration.services.world import add_person, authorization

pytestmark = pytest.mark.stack

ABOUT_YOURSELF = "urn:plaudit:problem:about-yourself"
OWN_ROLES = "urn:plaudit:problem:own-roles"


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[Provider]:
    async with Provider().listening() as made:
        yield made


@pytest.fixture(scope="module")
async def front_door(stack: Any, provider: Provider) -> AsyncIterator[Any]:
    settings = Settings(
        **stack.settings("ingest"),
        key_cache_seconds=0.05,
        sign_in_tries_max_per_minute=10_000,
        oidc_issuer=ISSUER,
        oidc_client_id=CLIENT,
        oidc_keys_url=provider.url,
    )
    async with running(SPEC, settings) as parts:
        yield parts


class Registry:
    """Who is which member in a community, as its administrator says it."""

    def __init__(self, community: Community, headers: dict[str, str], admin_id: str) -> None:
        self.community, self.headers, self.admin_id = community, headers, admin_id

    async def say(self, verb: str, person_id: str, member: str, headers: Any = None) -> httpx.Response:
        path = f"/v1/communities/{self.community.name}/people/{person_id}/{verb}"
        return await self.community.client.post(path, json={"member": member}, headers=headers or self.headers)

    async def who(self, person_id: str) -> list[str]:
        path = f"/v1/communities/{self.community.name}/people/{person_id}"
        return list((await self.community.client.get(path, headers=self.headers)).json()["members"])

    async def own(self, person_id: str) -> frozenset[str]:
        async with self.community.pool.acquire() as conn:
            return await load_own(conn, community=self.community.name, person_id=person_id)

    async def commands(self) -> list[str]:
        rows = await self.community.pool.fetch(
            "select command from audit_entries where community = $1 and kind = 'command'"
            " and command like 'person.%tie%' order by at, audit_id",
            self.community.name,
        )
        return [row["command"] for row in rows]


@pytest.fixture
async def registry(community: Community) -> Registry:
    admin_id = await add_person(community.pool, community.name)
    scopes = ("people:write", "people:read", "keys:write", "sign_in:write", "members:write", "members:erase")
    headers = await authorization(community.pool, community.name, *scopes, person_id=admin_id)
    return Registry(community, headers, admin_id)


async def members(community: Community) -> dict[str, str]:
    await community.outcomes(event(1, "ada"), event(2, "bob"))
    return {one["identities"][0]["id"]: one["member_id"] for one in await community.members()}


async def test_an_administrator_says_who_is_which_member_and_every_service_is_told(
    stack: Any, community: Community, registry: Registry
) -> None:
    whose = await members(community)
    mia, omar = [await add_managed(community, registry.headers) for _ in range(2)]
    tied = await registry.say("tie", mia, "forum:ada")
    assert (tied.status_code, tied.json()["members"]) == (200, [whose["ada"]])
    assert (await registry.say("tie", mia, whose["ada"])).json() == tied.json()
    # No two are one member.
    taken = problem(await registry.say("tie", omar, "forum:ada"), 409)
    assert (taken["type"], mia in taken["detail"]) == ("urn:plaudit:problem:member-taken", True)
    assert problem(await registry.say("tie", omar, str(uuid4())), 404)["title"] == "Member not found"
    problem(await registry.say("tie", omar, "forum:nobody"), 404)
    # Nobody does that for themselves.
    assert problem(await registry.say("tie", registry.admin_id, "forum:bob"), 403)["type"] == OWN_ROLES
    assert problem(await registry.say("untie", registry.admin_id, "forum:bob"), 403)["type"] == OWN_ROLES
    # Roles that change, and who is disabled, stay who they are.
    path = f"/v1/communities/{community.name}/people/{mia}"
    client = community.client
    await client.put(f"{path}/roles", json={"roles": ["moderator"]}, headers=registry.headers)
    await client.post(f"{path}/disable", headers=registry.headers)
    assert await registry.who(mia) == [whose["ada"]]
    assert (await registry.say("untie", mia, "forum:ada")).json()["members"] == []
    assert (await registry.say("tie", omar, "forum:ada")).status_code == 200

    records = await read(stack.state, PEOPLE, community.name, 7)
    told = [PEOPLE_FACT.validate_json(record.value) for record in records]
    facts = [one["data"] for one in told if one["type"] == "person.changed.v1"]
    mias = sorted((one for one in facts if one["person_id"] == mia), key=lambda one: one["revision"])
    assert [one.get("members", []) for one in mias] == [[], *[[whose["ada"]]] * 3, []]
    for record in records:
        Verifier([stack.state.verifying_keys["ingest"]]).check(record.value)
    assert await registry.commands() == ["person.tie", "person.tie", "person.untie", "person.tie"]


async def test_who_is_one_by_a_merge_is_that_person_too_while_it_lasts_and_no_merge_is_by_oneself(
    community: Community, registry: Registry
) -> None:
    whose = await members(community)
    mia = await add_managed(community, registry.headers)
    await registry.say("tie", mia, "forum:bob")
    own = await authorization(community.pool, community.name, "members:write", person_id=mia)
    both = {"member_id": "forum:bob"}
    merge, unmerge = (f"/v1/members/{whose['ada']}/{verb}" for verb in ("merge", "unmerge"))
    client = community.client
    for path in (merge, f"/v1/members/{whose['bob']}/merge"):
        answer = await client.post(path, json=both | {"dry_run": True}, headers=own)
        assert problem(answer, 403)["type"] == ABOUT_YOURSELF
    for path, body in (
        ("standing", {"staff": True}),
        ("attributes", {"values": {"tier": "gold"}, "source": "crm"}),
    ):
        answer = await client.put(f"/v1/members/{whose['bob']}/{path}", json=body, headers=own)
        assert problem(answer, 403)["type"] == ABOUT_YOURSELF
    assert (await client.put(f"/v1/members/{whose['ada']}/standing", json={}, headers=own)).status_code == 200

    assert (await client.post(merge, json=both)).status_code == 200
    assert await registry.own(mia) == set(whose.values())
    assert problem(await client.post(unmerge, json=both, headers=own), 403)["type"] == ABOUT_YOURSELF
    # They are one: another is neither of them.
    omar = await add_managed(community, registry.headers)
    assert problem(await registry.say("tie", omar, whose["ada"]), 409)["status"] == 409
    assert (await client.post(unmerge, json=both)).status_code == 200
    assert await registry.own(mia) == {whose["bob"]}
    assert await registry.who(mia) == [whose["bob"]]


async def test_somebody_with_a_role_shows_which_member_they_are_and_takes_it_back_no_more(
    community: Community, registry: Registry
) -> None:
    whose = await members(community)
    mia = await add_managed(community, registry.headers)
    keys = await authorization(community.pool, community.name, "members:read", person_id=mia)
    made = await link_of(community, registry.headers, identity={"channel": "forum", "id": "ada"})
    token = (await sign_in(community, link=made["link"]))["token"]
    client = community.client
    refused = await client.post("/v1/own-members", json={"member_token": "none"}, headers=keys)
    assert problem(refused, 422)["type"] == "urn:plaudit:problem:no-members-token"
    tied = await client.post("/v1/own-members", json={"member_token": token}, headers=keys)
    assert (tied.status_code, tied.json()["members"]) == (200, [whose["ada"]])
    assert (await client.get("/v1/key", headers=keys)).json()["members"] == [whose["ada"]]
    assert (await client.get("/v1/key", headers=bearer(token))).json()["members"] == [whose["ada"]]
    assert await registry.commands() == ["person.tie_oneself"]


async def test_one_subject_at_the_provider_is_one_person_and_their_member(
    community: Community, registry: Registry, provider: Provider
) -> None:
    mia = await add_managed(community, registry.headers, email="mia@example.org")

    async def linked(identity: str, subject: str) -> httpx.Response:
        body = {"identity": {"channel": "chat", "id": identity}, "id_token": provider.id_token(sub=subject)}
        return await community.client.post("/v1/members/links", json=body, headers=registry.headers)

    async def signed_in(subject: str, email: str) -> None:
        token = provider.id_token(sub=subject, email=email, email_verified=True, jti=uuid4().hex)
        await sign_in(community, id_token=token, community=community.name)

    # The member first, the person then …
    first = await linked("U1", "mia")
    assert first.status_code == 200, first.text
    assert await registry.who(mia) == []
    for _ in range(2):
        await signed_in("mia", "mia@example.org")
    assert await registry.who(mia) == [first.json()["member_id"]]
    # … and the other way round, once they come again.
    omar = await add_managed(community, registry.headers, email="omar@example.org")
    await signed_in("omar", "omar@example.org")
    second = await linked("U2", "omar")
    assert await registry.who(omar) == []
    await signed_in("omar", "omar@example.org")
    assert await registry.who(omar) == [second.json()["member_id"]]
    noted = await community.pool.fetch(
        "select after ->> 'tied_to' as member_id from audit_entries"
        " where community = $1 and command = 'token.issue' and after ? 'tied_to' order by at",
        community.name,
    )
    assert [row["member_id"] for row in noted] == [first.json()["member_id"], second.json()["member_id"]]


async def test_who_is_forgotten_is_nobody_here_any_more(community: Community, registry: Registry) -> None:
    whose = await members(community)
    mia = await add_managed(community, registry.headers)
    await registry.say("tie", mia, "forum:ada")
    answer = await community.client.post(
        f"/v1/members/{whose['ada']}/erase", json={"points": "forfeited"}, headers=registry.headers
    )
    assert answer.status_code == 200, answer.text
    assert await registry.who(mia) == []
