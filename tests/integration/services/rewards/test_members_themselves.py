"""Members choose rewards, give them up, and say where their money goes: for themselves, and for nobody else."""

from typing import Any

import httpx
import pytest

from tests.integration.services.conftest import application
from tests.integration.services.rewards.finance import CATALOGUE, IBANS
from tests.integration.services.test_who_may import know_token_keys, token

pytestmark = pytest.mark.stack


async def member(world: Any, name: str) -> httpx.AsyncClient:
    """Somebody who signed in; it opens nothing that would have to be closed."""
    await know_token_keys(world.pool)
    headers = token(world.community, world.uuid(name), world.uuid(name))
    transport = httpx.ASGITransport(application(world.spec, world))
    return httpx.AsyncClient(transport=transport, base_url="http://rewards", headers=headers)


@pytest.fixture
async def community(world: Any, spec: Any) -> Any:
    world.spec = spec
    await world.publish()
    await world.join("ada", "bob")
    await world.give(*(world.award(f"a{number}", "ada", 250) for number in range(3)))
    return world


async def test_a_member_chooses_a_reward_and_gives_it_up(community: Any, api: httpx.AsyncClient) -> None:
    ada, bob = await member(community, "ada"), await member(community, "bob")
    own, offered = f"/v1/members/{community.uuid('ada')}/redemptions", CATALOGUE[0]
    catalogue = (await ada.get("/v1/catalogue")).json()
    assert offered["id"] in [one["id"] for one in catalogue["items"]]
    worth = {"points": 100, "minor": 50, "currency": "EUR", "minimum_points": 500}
    assert catalogue["payout"] == worth | {"currencies": ["EUR"]}

    key, wanted = {"Idempotency-Key": "one"}, {"reward_id": offered["id"]}
    made = await ada.post(own, json=wanted, headers=key)
    assert (made.status_code, made.json()["state"]) == (201, "reserved")
    assert (await ada.post(own, json=wanted, headers=key)).json() == made.json()
    assert [one["redemption_id"] for one in (await ada.get(own)).json()["items"]] == [made.json()["redemption_id"]]
    # Another's key is not in the way, and nobody chooses for another, sees what they chose, or ends it.
    other = f"/v1/members/{community.uuid('bob')}/redemptions"
    refused = await bob.post(other, json=wanted, headers=key)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:plaudit:problem:not-enough-points")
    cancel = f"{made.json()['redemption_id']}/cancel"
    for answer in (
        await bob.post(own, json=wanted, headers={"Idempotency-Key": "two"}),
        await bob.get(own),
        await bob.post(f"{own}/{cancel}"),
        await bob.post("/v1/redemptions", json={**wanted, "member_id": community.uuid("bob")}, headers=key),
        await ada.post(f"/v1/redemptions/{made.json()['redemption_id']}/confirm"),
    ):
        assert answer.status_code == 403, answer.text
    assert (await bob.post(f"{other}/{cancel}")).status_code == 404
    # What was chosen is what the community confirms or the member gives up.
    assert (await ada.post(f"{own}/{cancel}")).json()["state"] == "cancelled"
    again = await api.post(f"/v1/redemptions/{made.json()['redemption_id']}/confirm")
    assert again.status_code == 409
    assert (await community.balance("ada"))["available"] == 750


async def test_members_set_their_own_account_and_see_its_ends(community: Any, api: httpx.AsyncClient) -> None:
    ada, bob = await member(community, "ada"), await member(community, "bob")
    path = f"/v1/payees/{community.uuid('ada')}"
    assert (await ada.get(path)).status_code == 404
    wrong = await ada.put(path, json={"name": "Ada", "iban": "DE00 1234"})
    assert (wrong.status_code, [one["field"] for one in wrong.json()["errors"]]) == (422, ["/iban"])
    set_by_ada = await ada.put(path, json={"name": "Ada", "iban": IBANS["ada"]})
    assert set_by_ada.status_code == 200, set_by_ada.text
    shown = (await ada.get(path)).json()["iban"]
    assert shown == set_by_ada.json()["iban"] != (await api.get(path)).json()["iban"]
    assert "…" in shown
    assert len(shown) < 10
    assert [(await bob.get(path)).status_code, (await bob.put(path, json={})).status_code] == [403, 403]
    assert (await ada.get(f"{path}/history")).status_code == 403
