"""Access keys: what is refused without the right one, and how they are issued and revoked."""

import pytest

from shared.service import Parts
from tests.integration.services.ingest.conftest import EVENT, Community, event, problem
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
