"""Access keys: what is refused without the right one, and how they are issued and revoked."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.settings import Settings as Rewards
from shared.access_keys import KeyRing, Principal, Refusal, hash_secret
from shared.access_keys.store import put_access_keys
from shared.contracts.facts import ACCESS_KEY_CHANGED
from shared.postgres import begin, create_pool
from shared.signatures import Verifier
from shared.topics import ACCESS_KEYS
from tests.integration.services.ingest.conftest import EVENT, Community, event, problem
from tests.integration.services.process import read
from tests.integration.services.world import add_person, authorization
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("Bearer", 401),
        ("Bearer plk_nobody_knows", 401),
        ("Basic YTpi", 401),
        ("Bearer \xff\xfe", 401),
        ("x" * 10_000, 401),
    ],
)
async def test_without_a_known_key_nothing_is_taken(community: Community, header: str | None, status: int) -> None:
    del community.client.headers["authorization"]
    headers = {"authorization": header.encode("latin-1")} if header is not None else {}
    for method, path in (("POST", "/v1/events"), ("GET", "/v1/members")):
        answer = await community.client.request(method, path, headers=headers)
        problem(answer, status)
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_revoked_key_and_a_missing_scope(community: Community) -> None:
    revoked = await authorization(community.pool, community.name, "events:write", revoked=True)
    problem(await community.client.post("/v1/events", json=EVENT, headers=revoked), 401)
    reader = await authorization(community.pool, community.name, "receipts:read")
    found = problem(await community.client.post("/v1/events", json=EVENT, headers=reader), 403)
    assert found["detail"] == "This needs 'events:write'; the key has receipts:read"
    problem(await community.client.get("/v1/members", headers=reader), 403)


async def test_a_key_that_has_expired_and_one_of_a_disabled_person(community: Community) -> None:
    ended = datetime.now(UTC) - timedelta(seconds=1)
    expired = await authorization(community.pool, community.name, "members:read", expires_at=ended)
    answer = await community.client.get("/v1/members", headers=expired)
    assert problem(answer, 401)["type"] == "urn:plaudit:problem:expired-access-key"
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'

    gone = await add_person(community.pool, community.name, disabled=True)
    disabled = await authorization(community.pool, community.name, "members:read", person_id=gone)
    answer = await community.client.get("/v1/members", headers=disabled)
    assert problem(answer, 401)["type"] == "urn:plaudit:problem:disabled-person"


async def test_a_key_does_what_its_person_may_and_no_more(community: Community) -> None:
    reader = await add_person(community.pool, community.name, "moderator")
    key = await authorization(community.pool, community.name, "members:read", "events:write", person_id=reader)
    assert (await community.client.get("/v1/members", headers=key)).status_code == 200
    found = problem(await community.client.post("/v1/events", json=EVENT, headers=key), 403)
    assert found["detail"] == "This needs 'events:write'; the key has members:read"
    shown = (await community.client.get("/v1/key", headers=key)).json()
    assert (shown["person_id"], shown["roles"], shown["scopes"]) == (reader, ["moderator"], ["members:read"])


@pytest.fixture
async def admin(community: Community) -> dict[str, str]:
    return await authorization(community.pool, community.name, "people:read", "people:write", "keys:write")


@pytest.fixture
async def platform_id(community: Community, admin: dict[str, str]) -> str:
    """The account of a platform, added by the community's administrator."""
    wanted = {"name": "Forum", "kind": "service", "roles": ["operator"]}
    path = f"/v1/communities/{community.name}/people"
    added = await community.client.post(path, json=wanted, headers=admin)
    assert added.status_code == 201, added.text
    return str(added.json()["person_id"])


async def test_keys_are_issued_listed_and_revoked_for_good(
    community: Community, admin: dict[str, str], platform_id: str
) -> None:
    wanted = {"community": community.name, "person_id": platform_id, "name": "forum"}
    wanted |= {"scopes": ["events:write", "receipts:read"]}
    issued = await community.client.post("/v1/keys", json=wanted, headers=admin)
    assert issued.status_code == 201, issued.text
    key = {"Authorization": f"Bearer {issued.json()['key']}"}

    async def works() -> bool:
        return (await community.client.post("/v1/events", json=event(1), headers=key)).status_code == 202

    await until(works)
    path = f"/v1/communities/{community.name}/keys"

    async def listed() -> dict[str, Any]:
        items = (await community.client.get(path, headers=admin)).json()["items"]
        assert issued.json()["key"] not in str(items)
        return next(one for one in items if one["key_id"] == issued.json()["key_id"])

    async def used() -> Any:
        return (await listed())["last_used_at"]

    assert datetime.fromisoformat(await until(used)) <= datetime.now(UTC)
    assert (await listed())["person_id"] == platform_id
    assert (await community.client.delete(f"{path}/{issued.json()['key_id']}", headers=admin)).status_code == 204

    async def refused() -> bool:
        return (await community.client.post("/v1/events", json=event(1), headers=key)).status_code == 401

    await until(refused)
    assert (await community.client.delete(f"{path}/nobody", headers=admin)).status_code == 404
    assert (await community.client.post("/v1/keys", json=wanted)).status_code == 403
    bad = await community.client.post("/v1/keys", json=wanted | {"scopes": ["everything"]}, headers=admin)
    assert bad.json()["errors"][0]["field"] == "/scopes"
    beyond = await community.client.post("/v1/keys", json=wanted | {"scopes": ["keys:write"]}, headers=admin)
    assert problem(beyond, 422)["type"] == "urn:plaudit:problem:not-their-scopes"
    past = await community.client.post(
        "/v1/keys", json=wanted | {"expires_at": "2020-01-01T00:00:00Z"}, headers=admin
    )
    assert problem(past, 422)["errors"][0]["field"] == "/expires_at"


async def test_a_whole_key_in_place_of_its_id_is_refused_and_kept_nowhere(
    community: Community, admin: dict[str, str], platform_id: str
) -> None:
    """Otherwise an id of that name would be revoked, the secret be in the audit, and the key live on."""
    wanted = {"community": community.name, "person_id": platform_id, "name": "forum"}
    key = (await community.client.post("/v1/keys", json=wanted, headers=admin)).json()["key"]
    path = f"/v1/communities/{community.name}/keys/{key}"

    refused = [
        problem(await community.client.delete(path, headers=admin, params={"even_unknown": True}), 422),
        problem(await community.client.post(f"{path}/rotate", json={}, headers=admin), 422),
    ]

    assert [one["errors"][0]["field"] for one in refused] == ["key_id", "key_id"]
    assert all("between plk_ and the next underscore" in one["errors"][0]["detail"] for one in refused)
    secret = key.split("_", 2)[2]
    for table in ("access_keys", "audit_entries"):
        rows = await community.pool.fetch(
            f"select t::text as row from {table} t where community = $1", community.name
        )
        assert rows
        assert not [row for row in rows if secret in row["row"]]


async def test_a_key_without_scopes_may_what_its_person_may_but_for_payouts(
    community: Community, admin: dict[str, str], platform_id: str
) -> None:
    wanted = {"community": community.name, "person_id": platform_id, "name": "forum"}
    issued = (await community.client.post("/v1/keys", json=wanted, headers=admin)).json()
    assert "events:write" in issued["scopes"]
    assert not [scope for scope in issued["scopes"] if scope.startswith("payouts:")]
    asked = (
        await community.client.post("/v1/keys", json=wanted | {"scopes": ["payouts:read"]}, headers=admin)
    ).json()
    assert asked["scopes"] == ["payouts:read"]


async def test_a_rotated_key_works_beside_the_new_one_until_it_ends(
    community: Community, admin: dict[str, str], platform_id: str
) -> None:
    wanted = {"community": community.name, "person_id": platform_id, "name": "forum", "scopes": ["members:read"]}
    old = (await community.client.post("/v1/keys", json=wanted, headers=admin)).json()
    path = f"/v1/communities/{community.name}/keys"
    rotated = await community.client.post(
        f"{path}/{old['key_id']}/rotate", json={"overlap_hours": 1}, headers=admin
    )
    assert rotated.status_code == 201, rotated.text
    for key in (old["key"], rotated.json()["key"]):
        headers = {"Authorization": f"Bearer {key}"}
        assert (await community.client.get("/v1/members", headers=headers)).status_code == 200

    at_once = await community.client.post(
        f"{path}/{old['key_id']}/rotate", json={"overlap_hours": 0}, headers=admin
    )
    assert at_once.status_code == 201

    async def ended() -> bool:
        answer = await community.client.get("/v1/members", headers={"Authorization": f"Bearer {old['key']}"})
        return answer.status_code == 401 and "expired" in answer.json()["type"]

    await until(ended)
    listed = {one["key_id"]: one for one in (await community.client.get(path, headers=admin)).json()["items"]}
    assert listed[old["key_id"]]["replaced_by"] == at_once.json()["key_id"]
    assert not listed[old["key_id"]]["revoked"]
    again = await community.client.post(f"{path}/{old['key_id']}/rotate", json={}, headers=admin)
    assert problem(again, 409)["type"] == "urn:plaudit:problem:not-usable-key"


async def test_a_keys_name_is_one_line(community: Community, admin: dict[str, str], platform_id: str) -> None:
    wanted = {"community": community.name, "person_id": platform_id, "scopes": ["events:write"]}
    wanted |= {"name": " forum\x1b[2J\nplugin\u202e "}
    issued = await community.client.post("/v1/keys", json=wanted, headers=admin)
    assert issued.json()["name"] == "forum [2J plugin"
    unseen = await community.client.post("/v1/keys", json=wanted | {"name": "\u202e"}, headers=admin)
    assert problem(unseen, 422)["errors"][0]["field"] == "/name"


async def test_a_key_that_was_never_issued_here_is_revoked_where_it_is_believed(
    stack: Any, community: Community, admin: dict[str, str]
) -> None:
    rewards = await create_pool("rewards", Rewards(**stack.settings("rewards")))
    secret = f"plk_{uuid4().hex}"
    planted: Any = {"community": community.name, "data": {"key_id": "planted", "name": "mallory"}}
    planted["data"] |= {"secret_sha256": hash_secret(secret), "scopes": ["payouts:approve"], "revoked": False}
    planted["data"] |= {"person_id": await add_person(rewards, community.name)}
    try:
        async with begin(rewards) as conn:
            await put_access_keys(conn, [planted])
        ring = KeyRing(rewards, Rewards(key_cache_seconds=0.001, unknown_key_cache_seconds=0.001))
        assert isinstance(await ring.principal(secret), Principal)

        path = f"/v1/communities/{community.name}/keys/planted"
        assert (await community.client.delete(path, headers=admin)).status_code == 404
        revoked = await community.client.delete(path, headers=admin, params={"even_unknown": True})
        assert revoked.status_code == 204
        again = await community.client.delete(path, headers=admin, params={"even_unknown": True})
        assert again.status_code == 204
        (told, *_) = await read(stack.state, ACCESS_KEYS, community.name, 1)
        Verifier([stack.state.verifying_keys["ingest"]]).check(told.value)
        async with begin(rewards) as conn:
            await put_access_keys(conn, [ACCESS_KEY_CHANGED.adapter.validate_json(told.value)])

        async def refused() -> bool:
            return await ring.principal(secret) is Refusal.UNKNOWN_KEY

        await until(refused)
        listed = (await community.client.get(path.removesuffix("/planted"), headers=admin)).json()["items"]
        assert [(one["key_id"], one["revoked"]) for one in listed if one["key_id"] == "planted"] == [
            ("planted", True)
        ]
    finally:
        await rewards.close()
