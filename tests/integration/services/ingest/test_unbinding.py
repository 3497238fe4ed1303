"""Who is bound to a former provider, or whom somebody else has become there, is unbound: and what ends by that."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.ingest.access.people.handlers import on_people_told
from services.ingest.main import SPEC
from services.ingest.settings import Settings
from shared.access_keys import INSTALLATION
from shared.contracts.facts import AUDIT_FACT, PEOPLE_FACT
from shared.topics import AUDIT, PEOPLE
from tests.integration.services.ingest.conftest import Community, problem
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
from tests.integration.services.world import add_person, authorization, person_fact
from tests.waiting import until

pytestmark = pytest.mark.stack

FORMER = "https://former.example.org"
SCOPES = ("sign_in:write", "keys:write", "people:write", "people:read")


def at(stack: Any, provider: Provider, issuer: str) -> Settings:
    return Settings(
        **stack.settings("ingest"),
        key_cache_seconds=0.05,
        sign_in_tries_max_per_minute=10_000,
        oidc_issuer=issuer,
        oidc_client_id=CLIENT,
        oidc_keys_url=provider.url,
    )


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[Provider]:
    async with Provider().listening() as made:
        yield made


@pytest.fixture(scope="module")
async def front_door(stack: Any, provider: Provider) -> AsyncIterator[Any]:
    async with running(SPEC, at(stack, provider, ISSUER)) as parts:
        yield parts


@pytest.fixture
async def admin(community: Community) -> dict[str, str]:
    return await authorization(community.pool, community.name, *SCOPES)


class Grace:
    """A person of the community, and whoever says to be them at the provider."""

    def __init__(self, community: Community, admin: dict[str, str], provider: Provider, person_id: str) -> None:
        self.community, self.admin, self.provider, self.person_id = community, admin, provider, person_id
        self.email = f"{person_id}@example.org"
        self.path = f"/v1/communities/{community.name}/people/{person_id}"

    async def comes(self, subject: str, status: int = 201, **claims: Any) -> Any:
        """What somebody gets who is that subject and has Grace's address."""
        said = {"sub": subject, "email": self.email, "email_verified": True, "jti": uuid4().hex} | claims
        return await sign_in(
            self.community, status, id_token=self.provider.id_token(**said), community=self.community.name
        )

    async def unbind(self, status: int = 200, headers: dict[str, str] | None = None, **how: Any) -> Any:
        answer = await self.community.client.post(f"{self.path}/unbind", json=how, headers=headers or self.admin)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def is_out(self, token: str) -> bool:
        answer = await self.community.client.get("/v1/members", headers=bearer(token))
        return answer.status_code == 401 and problem(answer, 401)["type"].endswith("expired-token")


@pytest.fixture
async def grace(community: Community, admin: dict[str, str], provider: Provider) -> Grace:
    person_id = await add_managed(community, admin, roles=["manager", "administrator"])
    made = Grace(community, admin, provider, person_id)
    await community.pool.execute("update people set email = $2 where person_id = $1", person_id, made.email)
    return made


async def test_who_is_bound_to_a_former_issuer_signs_in_by_the_present_one(
    community: Community, admin: dict[str, str], provider: Provider, grace: Grace, stack: Any
) -> None:
    async with (
        running(SPEC, at(stack, provider, FORMER)) as parts,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{parts.http.port}", timeout=60) as client,
    ):
        former = Grace(Community(community.name, client, parts), admin, provider, grace.person_id)
        token = (await former.comes("g1", iss=FORMER))["token"]
    shown = await community.client.get(grace.path, headers=admin)
    assert shown.json()["issuer"] == FORMER
    await grace.comes("g2", 403)

    assert (await grace.unbind())["issuer"] is None

    await until(lambda: grace.is_out(token))
    again = (await grace.comes("g2"))["token"]
    assert (await community.client.get("/v1/members", headers=bearer(again))).status_code == 200
    assert (await community.client.get(grace.path, headers=admin)).json()["issuer"] == ISSUER


async def test_a_wrong_subject_is_out_with_all_that_it_made_and_does_not_come_back(
    community: Community, grace: Grace
) -> None:
    """Somebody got Grace's address before she did, signed in as her, and made links to stay."""
    token = (await grace.comes("mallory"))["token"]
    links = [
        await link_of(community, bearer(token), person_id=grace.person_id),
        await link_of(community, bearer(token), person_id=await add_person(community.pool, community.name)),
    ]
    by_link = await link_of(community, grace.admin, person_id=grace.person_id)
    signed_in = await sign_in(community, link=by_link["link"], renewable=True)
    renewed = (await sign_in(community, renewal=signed_in["renewal"]))["token"]

    await grace.unbind()

    for former in (token, signed_in["token"], renewed):
        await until(partial(grace.is_out, former))
    assert (await sign_in(community, 401, renewal=signed_in["renewal"]))["type"].endswith("unknown-renewal")
    for link in links:
        assert (await sign_in(community, 401, link=link["link"]))["type"].endswith("expired-link")
    assert (await grace.comes("mallory", 403))["type"].endswith("unknown-subject")
    right = (await grace.comes("grace"))["token"]
    assert (await community.client.get("/v1/members", headers=bearer(right))).status_code == 200
    await grace.comes("mallory", 403)


async def test_unbinding_again_changes_nothing_and_who_was_unbound_by_mistake_may_return(
    community: Community, grace: Grace, stack: Any
) -> None:
    await grace.unbind()  # who has never signed in is nobody there
    await grace.comes("grace")
    for how in ({}, {}, {"may_return": False}):
        assert (await grace.unbind(**how))["issuer"] is None
        await grace.comes("grace", 403)
    await grace.unbind(may_return=True)
    token = (await grace.comes("grace"))["token"]
    assert (await community.client.get("/v1/members", headers=bearer(token))).status_code == 200

    told = [
        PEOPLE_FACT.validate_json(one.value)["data"] for one in await read(stack.state, PEOPLE, community.name, 2)
    ]
    assert [(one["revision"], one.get("unbound_count")) for one in told] == [(1, None), (2, 1)]


async def test_whom_other_communities_know_the_installations_administrator_unbinds_for_all(
    community: Community, grace: Grace, stack: Any
) -> None:
    other = f"{community.name}b"
    root = await authorization(
        community.pool, INSTALLATION, "people:write", person_id=await add_person(community.pool, INSTALLATION)
    )
    answer = await community.client.put(
        f"/v1/communities/{other}/people/{grace.person_id}/roles", json={"roles": ["moderator"]}, headers=root
    )
    assert answer.status_code == 200, answer.text
    await grace.comes("grace")
    assert (await grace.unbind(403))["type"].endswith("other-community")

    await grace.unbind(headers=root)

    for audited in (community.name, other):
        rows = await community.pool.fetch(
            "select * from audit_entries where community = $1 and command = 'person.unbind'", audited
        )
        (row,) = rows
        assert row["object_id"] == grace.person_id
        assert ISSUER in row["before"]
    told = [AUDIT_FACT.validate_json(one.value) for one in await read(stack.state, AUDIT, other, 2)]
    assert [one["data"]["command"] for one in told] == ["person.set_roles", "person.unbind"]


async def test_a_database_of_yesterday_binds_nobody_again_who_was_unbound_since(
    community: Community, grace: Grace
) -> None:
    token = (await grace.comes("mallory"))["token"]
    fact = person_fact(community.name, grace.person_id, "manager", revision=2)
    fact["data"]["unbound_count"] = 1
    async with community.begin() as tx:
        await on_people_told(tx, [fact])

    await until(lambda: grace.is_out(token))
    await grace.comes("mallory", 403)
    await grace.comes("grace")


async def test_who_signs_in_while_they_are_unbound_gets_nothing_that_lasts(
    community: Community, grace: Grace
) -> None:
    """Whichever comes first: a token that was made before is over, and none is made after."""
    await grace.comes("mallory")

    async def comes_again(number: int) -> httpx.Response:
        said = {"sub": "mallory", "email": grace.email, "email_verified": True, "jti": str(number)}
        how = {"id_token": grace.provider.id_token(**said), "community": community.name}
        return await community.client.post("/v1/tokens", json=how, headers={"Authorization": ""})

    before = [asyncio.create_task(comes_again(number)) for number in range(3)]
    unbinding = asyncio.create_task(grace.unbind())
    after = [asyncio.create_task(comes_again(number)) for number in range(3, 6)]
    await unbinding
    answers = await asyncio.gather(*before, *after)

    assert {answer.status_code for answer in answers} <= {201, 403}
    for answer in answers:
        if answer.is_success:
            await until(partial(grace.is_out, answer.json()["token"]))
