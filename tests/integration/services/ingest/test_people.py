"""People: who adds them, what the bootstrap key may, and how far an administrator's authority reaches."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.ingest.access.people.handlers import on_people_told
from services.ingest.metrics import BOOTSTRAP_USES
from shared.access_keys import INSTALLATION
from shared.contracts.facts import AUDIT_FACT, PEOPLE_FACT
from shared.service import Parts
from shared.signatures import Verifier
from shared.topics import AUDIT, PEOPLE
from tests.integration.services.ingest.conftest import Community
from tests.integration.services.process import read
from tests.integration.services.world import add_person, authorization, person_fact
from tests.waiting import until

pytestmark = pytest.mark.stack

ADMINISTRATION = ("people:read", "people:write", "keys:write")
GRACE = {"name": "Grace Hopper", "roles": ["manager"]}


class Office:
    """The people of a community, through the API, as one caller."""

    def __init__(self, client: httpx.AsyncClient, community: str, headers: dict[str, str]) -> None:
        self.client = client
        self.community = community
        self.headers = headers
        self.path = f"/v1/communities/{community}/people"

    async def ask(self, method: str, path: str, status: int, json: Any = None) -> Any:
        answer = await self.client.request(method, path, json=json, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def add(self, person: Any, status: int = 201) -> Any:
        return await self.ask("POST", self.path, status, person)

    async def issue(self, person_id: str, status: int = 201, **more: Any) -> Any:
        wanted = {"community": self.community, "person_id": person_id, "name": "mine"} | more
        return await self.ask("POST", "/v1/keys", status, wanted)

    async def to(self, person_id: str, what: str, status: int = 200) -> Any:
        return await self.ask("POST", f"{self.path}/{person_id}/{what}", status)

    async def roles(self, person_id: str, *roles: str, status: int = 200) -> Any:
        return await self.ask("PUT", f"{self.path}/{person_id}/roles", status, {"roles": list(roles)})


@pytest.fixture
async def admin(community: Community) -> Office:
    person_id = await add_person(community.pool, community.name, "administrator")
    headers = await authorization(community.pool, community.name, *ADMINISTRATION, person_id=person_id)
    return Office(community.client, community.name, headers)


@pytest.fixture
def bootstrap(community: Community, front_door: Parts) -> Office:
    key = front_door.connected.settings.admin_key
    return Office(community.client, community.name, {"Authorization": f"Bearer {key}"})


async def status_of(community: Community, key: str) -> int:
    answer = await community.client.get("/v1/key", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code


async def test_the_bootstrap_key_adds_people_and_issues_a_first_key_and_nothing_else(
    community: Community, bootstrap: Office
) -> None:
    grace = await bootstrap.add(GRACE | {"roles": ["administrator"]})
    issued = await bootstrap.issue(grace["person_id"])
    assert await status_of(community, issued["key"]) == 200

    again = await bootstrap.issue(grace["person_id"], 409)
    assert again["type"] == "urn:plaudit:problem:not-the-first-key"
    mine = Office(community.client, community.name, {"Authorization": f"Bearer {issued['key']}"})
    ada = await mine.add({"name": "Ada", "roles": ["moderator"]})
    await mine.issue(ada["person_id"])
    assert (await bootstrap.issue(ada["person_id"], 409))["title"]
    await bootstrap.roles(ada["person_id"], "manager", status=403)
    await bootstrap.to(ada["person_id"], "disable", 403)
    await bootstrap.ask("GET", bootstrap.path, 403)
    await bootstrap.ask("GET", f"/v1/communities/{community.name}/keys", 403)
    await bootstrap.ask("DELETE", f"/v1/communities/{community.name}/keys/{issued['key_id']}", 403)
    await bootstrap.ask("GET", "/v1/members", 403)


async def test_only_what_an_administrator_could_have_done_with_the_bootstrap_key_is_counted(
    community: Community, bootstrap: Office
) -> None:
    # Whoever administers the installation could do all of it.
    await community.pool.execute("update followed_people set disabled = true where community = $1", INSTALLATION)
    new = Office(community.client, f"{community.name}-new", bootstrap.headers)
    before = BOOTSTRAP_USES._value.get()
    grace = await new.add(GRACE | {"roles": ["administrator"]})
    await new.issue(grace["person_id"])
    assert BOOTSTRAP_USES._value.get() == before
    ada = await new.add({"name": "Ada", "roles": ["administrator"]})
    await new.issue(ada["person_id"])
    assert BOOTSTRAP_USES._value.get() == before + 2


async def test_a_key_that_was_revoked_was_a_first_key_all_the_same(
    community: Community, bootstrap: Office, admin: Office
) -> None:
    grace = await bootstrap.add(GRACE)
    issued = await bootstrap.issue(grace["person_id"])
    path = f"/v1/communities/{community.name}/keys/{issued['key_id']}"
    assert (await community.client.delete(path, headers=admin.headers)).status_code == 204
    await bootstrap.issue(grace["person_id"], 409)


async def test_people_are_listed_shown_and_told_with_what_they_are(
    stack: Any, community: Community, admin: Office
) -> None:
    grace = await admin.add(GRACE | {"email": "grace@example.org"})
    changed = await admin.roles(grace["person_id"], "finance_maker", "manager")
    assert changed["roles"] == ["finance_maker", "manager"]
    assert await admin.roles(grace["person_id"], "manager", "finance_maker") == changed
    unused = changed | {"keys_count": 0, "last_used_at": None, "decides": True}
    assert await admin.ask("GET", f"{admin.path}/{grace['person_id']}", 200) == unused
    assert unused in (await admin.ask("GET", admin.path, 200))["items"]
    await admin.ask("GET", f"{admin.path}/{uuid4()}", 404)
    await admin.to(grace["person_id"], "disable")

    records = await read(stack.state, PEOPLE, community.name, 3)
    told = [PEOPLE_FACT.validate_json(record.value)["data"] for record in records]
    assert [(one["revision"], one["roles"], one["disabled"]) for one in told] == [
        (1, ["manager"], False),
        (2, ["finance_maker", "manager"], False),
        (3, ["finance_maker", "manager"], True),
    ]
    for record in records:
        Verifier([stack.state.verifying_keys["ingest"]]).check(record.value)
        assert b"grace@example.org" not in record.value


async def test_it_is_shown_how_somebody_uses_their_keys(community: Community, admin: Office) -> None:
    grace, other = [(await admin.add(GRACE))["person_id"] for _ in range(2)]
    issued = [await admin.issue(grace) for _ in range(2)]
    await admin.issue(other)
    assert await status_of(community, issued[0]["key"]) == 200
    await admin.client.delete(
        f"/v1/communities/{admin.community}/keys/{issued[1]['key_id']}", headers=admin.headers
    )

    shown = await admin.ask("GET", f"{admin.path}/{grace}", 200)
    assert (shown["keys_count"], shown["last_used_at"] is not None) == (1, True)
    keys = f"/v1/communities/{admin.community}/keys"
    theirs = (await admin.ask("GET", f"{keys}?person={grace}", 200))["items"]
    assert {one["key_id"]: one["revoked"] for one in theirs} == {
        issued[0]["key_id"]: False,
        issued[1]["key_id"]: True,
    }
    assert await admin.ask("GET", f"{keys}/{issued[0]['key_id']}", 200) in theirs
    await admin.ask("GET", f"{keys}/nobody", 404)


async def test_who_is_disabled_or_is_nothing_any_more_is_shut_out(community: Community, admin: Office) -> None:
    grace = await admin.add(GRACE)
    key = (await admin.issue(grace["person_id"]))["key"]
    assert await status_of(community, key) == 200
    await admin.to(grace["person_id"], "disable")

    async def is_out() -> bool:
        return await status_of(community, key) == 401

    async def is_in() -> bool:
        return await status_of(community, key) == 200

    await until(is_out)
    await admin.to(grace["person_id"], "enable")
    await until(is_in)
    await admin.roles(grace["person_id"])

    async def may_nothing() -> bool:
        answer = await community.client.get("/v1/members", headers={"Authorization": f"Bearer {key}"})
        return answer.status_code == 403

    await until(may_nothing)


async def test_nobody_decides_about_themselves(community: Community, admin: Office) -> None:
    own = (await community.client.get("/v1/key", headers=admin.headers)).json()["person_id"]
    for answer in (
        await admin.roles(own, "administrator", "finance_maker", status=403),
        await admin.ask("PUT", f"{admin.path}/{own}/roles", 403, {"roles": []}),
    ):
        assert answer["type"] == "urn:plaudit:problem:own-roles"


async def test_an_administrator_decides_for_their_own_community_alone(
    community: Community, admin: Office, bootstrap: Office
) -> None:
    other = Office(community.client, f"{community.name}b", admin.headers)
    for refused in (
        await other.add(GRACE, 403),
        await other.ask("GET", other.path, 403),
        await other.issue(str(uuid4()), 403),
        await other.roles(str(uuid4()), "manager", status=403),
        await other.ask("GET", f"/v1/communities/{other.community}/keys", 403),
        await other.ask("DELETE", f"/v1/communities/{other.community}/keys/k", 403),
        await other.ask("POST", f"/v1/communities/{other.community}/keys/k/rotate", 403, {}),
        await Office(community.client, INSTALLATION, admin.headers).add(GRACE, 403),
    ):
        assert refused["type"] == "urn:plaudit:problem:other-community"
    # Nor does a person of another community become known by their id.
    stranger = await Office(community.client, other.community, bootstrap.headers).add(GRACE)
    await admin.roles(stranger["person_id"], "manager", status=404)
    await admin.issue(stranger["person_id"], 404)
    await admin.to(stranger["person_id"], "disable", 404)


async def test_the_installations_administrator_decides_for_every_community(
    stack: Any, community: Community, admin: Office, bootstrap: Office
) -> None:
    installation = Office(community.client, INSTALLATION, bootstrap.headers)
    refused = await installation.add(GRACE, 422)
    assert refused["type"] == "urn:plaudit:problem:not-a-role-here"
    root = await installation.add(GRACE | {"roles": ["administrator"]})
    key = await installation.issue(root["person_id"])
    assert key["scopes"] == [
        "audit:read",
        "communities:write",
        "keys:write",
        "operations:read",
        "people:read",
        "people:write",
    ]
    headers = {"Authorization": f"Bearer {key['key']}"}
    here, there = (Office(community.client, name, headers) for name in (community.name, f"{community.name}b"))

    ada = await here.add({"name": "Ada", "roles": ["manager"]})
    await there.roles(ada["person_id"], "moderator")
    refused = await admin.to(ada["person_id"], "disable", 403)
    assert "other communities" in refused["detail"]
    assert (await here.to(ada["person_id"], "disable"))["disabled"]
    assert (await there.ask("GET", f"{there.path}/{ada['person_id']}", 200))["disabled"]
    # Who looks at either community's audit sees who did it.
    for name, commands in ((community.name, ["person.add"]), (f"{community.name}b", ["person.set_roles"])):
        told = [AUDIT_FACT.validate_json(one.value)["data"] for one in await read(stack.state, AUDIT, name, 2)]
        assert [one["command"] for one in told] == [*commands, "person.disable"]
        assert {(one["person_id"], one["object"]["id"]) for one in told} == {(root["person_id"], ada["person_id"])}
    # Yet nothing else is theirs there: only people, keys and communities.
    assert (await community.client.get("/v1/members", headers=headers)).status_code == 403


async def test_a_database_of_yesterday_that_reads_what_it_told_enables_nobody(
    community: Community, admin: Office
) -> None:
    known, forgotten = await admin.add(GRACE), str(uuid4())
    told = [
        person_fact(community.name, known["person_id"], "manager", disabled=True, revision=2),
        person_fact(community.name, known["person_id"], "manager", revision=1),
        person_fact(community.name, forgotten, "moderator", revision=3),
    ]
    async with community.begin() as tx:
        await on_people_told(tx, told)

    shown = {one["person_id"]: one for one in (await admin.ask("GET", admin.path, 200))["items"]}
    assert shown[known["person_id"]]["disabled"]
    assert (shown[forgotten]["disabled"], shown[forgotten]["roles"]) == (False, ["moderator"])
    # The next change has a number above all that anybody has seen.
    await admin.to(known["person_id"], "enable")
    revision = await community.pool.fetchval(
        "select revision from followed_people where person_id = $1", known["person_id"]
    )
    assert revision == 3
