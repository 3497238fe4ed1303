"""Access keys: what is refused without the right one, and how they are issued and revoked."""

from typing import Any
from uuid import uuid4

import pytest

from services.rewards.settings import Settings as Rewards
from shared.access_keys import KeyRing, hash_secret
from shared.access_keys.store import put_access_keys
from shared.contracts.facts import ACCESS_KEY_CHANGED
from shared.postgres import begin, create_pool
from shared.service import Parts
from shared.signatures import Verifier
from shared.topics import ACCESS_KEYS
from tests.integration.services.ingest.conftest import EVENT, Community, event, problem
from tests.integration.services.process import read
from tests.integration.services.world import authorization
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


async def test_keys_are_issued_listed_and_revoked_for_good(community: Community, front_door: Parts) -> None:
    admin = {"Authorization": f"Bearer {front_door.connected.settings.admin_key}"}
    wanted = {"community": community.name, "name": "forum", "scopes": ["events:write", "receipts:read"]}
    issued = await community.client.post("/v1/keys", json=wanted, headers=admin)
    assert issued.status_code == 201, issued.text
    key = {"Authorization": f"Bearer {issued.json()['key']}"}

    async def works() -> bool:
        return (await community.client.post("/v1/events", json=event(1), headers=key)).status_code == 202

    await until(works)
    path = f"/v1/communities/{community.name}/keys"
    listed = (await community.client.get(path, headers=admin)).json()["items"]
    assert issued.json()["key_id"] in [one["key_id"] for one in listed]
    assert issued.json()["key"] not in str(listed)
    assert (await community.client.delete(f"{path}/{issued.json()['key_id']}", headers=admin)).status_code == 204

    async def refused() -> bool:
        return (await community.client.post("/v1/events", json=event(1), headers=key)).status_code == 401

    await until(refused)
    assert (await community.client.delete(f"{path}/nobody", headers=admin)).status_code == 404
    assert (await community.client.post("/v1/keys", json=wanted)).status_code == 403
    bad = await community.client.post("/v1/keys", json=wanted | {"scopes": ["everything"]}, headers=admin)
    assert bad.json()["errors"][0]["field"] == "/scopes"


async def test_a_keys_name_is_one_line(community: Community, front_door: Parts) -> None:
    admin = {"Authorization": f"Bearer {front_door.connected.settings.admin_key}"}
    wanted = {"community": community.name, "name": " forum\x1b[2J\nplugin\u202e ", "scopes": ["events:write"]}
    issued = await community.client.post("/v1/keys", json=wanted, headers=admin)
    assert issued.json()["name"] == "forum [2J plugin"
    unseen = await community.client.post("/v1/keys", json=wanted | {"name": "\u202e"}, headers=admin)
    assert problem(unseen, 422)["errors"][0]["field"] == "/name"


async def test_a_key_that_was_never_issued_here_is_revoked_where_it_is_believed(
    stack: Any, community: Community, front_door: Parts
) -> None:
    admin = {"Authorization": f"Bearer {front_door.connected.settings.admin_key}"}
    rewards = await create_pool("rewards", Rewards(**stack.settings("rewards")))
    secret = f"plk_{uuid4().hex}"
    planted: Any = {"community": community.name, "data": {"key_id": "planted", "name": "mallory"}}
    planted["data"] |= {"secret_sha256": hash_secret(secret), "scopes": ["payouts:approve"], "revoked": False}
    try:
        async with begin(rewards) as conn:
            await put_access_keys(conn, [planted])
        ring = KeyRing(rewards, Rewards(key_cache_seconds=0.001, unknown_key_cache_seconds=0.001))
        assert await ring.principal(secret) is not None

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
            return await ring.principal(secret) is None

        await until(refused)
        listed = (await community.client.get(path.removesuffix("/planted"), headers=admin)).json()["items"]
        assert [(one["key_id"], one["revoked"]) for one in listed if one["key_id"] == "planted"] == [
            ("planted", True)
        ]
    finally:
        await rewards.close()
