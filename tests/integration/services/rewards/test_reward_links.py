"""Links that give rewards: to whoever has one, each person once, as long as it lasts."""

import asyncio
import secrets
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.erasure.handlers import on_members
from tests.integration.services.merging import Merging
from tests.integration.services.rewards.shelf import BOOKS, MUG, add, code_of, stock
from tests.integration.services.rewards.test_erased_members import erased
from tests.integration.services.rewards.test_members_themselves import member

pytestmark = pytest.mark.stack

KEY, OTHER_KEY = (secrets.token_urlsafe(32) for _ in range(2))
NAMES = ("ada", "bob", "eve", "joe")


def configure(world: Any, api: Any, **settings: Any) -> None:
    world.configure(**settings)
    state = api._transport.app.state
    state.connected = replace(state.connected, settings=world.settings)


@pytest.fixture
async def shop(world: Any, spec: Any, api: Any) -> Any:
    """A community with a mug and a voucher, whose members have no points."""
    world.spec = spec
    configure(world, api, voucher_keys=KEY)
    await world.join(*NAMES)
    await add(api, MUG, kind="other", translations=[{"language": "it", "title": "Tazza"}])
    await add(api, BOOKS)
    return world


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def make(api: Any, reward: str = "mug", *, key: str | None = None, **more: Any) -> Any:
    body = {"reward_id": reward, "expires_at": in_days(1)} | more
    return await api.post("/v1/reward-links", json=body, headers={"Idempotency-Key": key or uuid4().hex})


async def claim(world: Any, name: str, token: str) -> Any:
    client = await member(world, name)
    return await client.post(f"/v1/members/{world.uuid(name)}/reward-claims", json={"token": token})


async def test_a_link_gives_a_reward_once_a_person_while_it_has_some(shop: Any, api: Any) -> None:
    made = (await make(api, uses_max_count=2, note="Speakers")).json()
    assert (made["state"], made["claims_count"]) == ("open", 0)
    bob = await member(shop, "bob")
    opened = await bob.post("/v1/reward-links/open", json={"token": made["token"]})
    assert (opened.json()["title"], opened.json()["state"]) == ("Mug", "open")

    in_italian = await bob.post("/v1/reward-links/open?language=it", json={"token": made["token"]})
    assert in_italian.json()["title"] == "Tazza"

    first = await claim(shop, "bob", made["token"])
    again = await claim(shop, "bob", made["token"])
    assert (first.status_code, first.json()["state"], first.json()["points"]) == (200, "confirmed", 0)
    assert again.json() == first.json()
    # Others at once: the link has one left, and one of them gets it.
    answers = await asyncio.gather(*(claim(shop, name, made["token"]) for name in ("ada", "eve", "joe")))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 2}
    over = next(answer for answer in answers if answer.status_code == 409)
    assert over.json()["type"] == "urn:plaudit:problem:reward-link-over"
    listed = (await api.get("/v1/reward-links")).json()["items"]
    assert [(one["state"], one["claims_count"], "token" in one) for one in listed] == [("used_up", 2, False)]
    assert await shop.count("redemptions") == 2
    assert (await shop.check()).differences == 0


async def test_a_link_claimed_twice_at_once_by_one_person_is_one_reward(shop: Any, api: Any) -> None:
    await stock(api, *(f"CODE-{number}" for number in range(5)))
    made = (await make(api, "books", uses_max_count=50)).json()
    await Merging(shop, on_members).merge("ada", "bob")
    answers = await asyncio.gather(
        *(claim(shop, "ada", made["token"]) for _ in range(4)), claim(shop, "bob", made["token"])
    )
    got = {answer.json()["redemption_id"] for answer in answers if answer.status_code == 200}
    assert len(got) == 1
    given = "select count(*) from voucher_codes where community = $1 and redemption_id is not null"
    assert await shop.pool.fetchval(given, shop.community) == 1
    shown = await code_of(await member(shop, "ada"), shop, "ada", got.pop())
    assert shown.json()["code"].startswith("CODE-")


async def test_what_is_revoked_over_forged_or_of_elsewhere_gives_nothing(shop: Any, api: Any) -> None:
    made = (await make(api, uses_max_count=9)).json()
    token = made["token"]
    # Not the last sign: some of its bits say nothing.
    changed = f"{token[:-5]}{'A' if token[-5] != 'A' else 'B'}{token[-4:]}"
    for wrong in (changed, token[:-4], "nothing", made["link_id"]):
        refused = await claim(shop, "ada", wrong)
        assert (refused.status_code, refused.json()["type"]) == (404, "urn:plaudit:problem:unknown-reward-link")
    assert (await claim(shop, "ada", token)).status_code == 200
    shop.later = timedelta(days=2)
    assert "over" in (await claim(shop, "bob", token)).json()["detail"]
    shop.later = timedelta(0)
    for _ in range(2):
        revoked = await api.post(f"/v1/reward-links/{made['link_id']}/revoke")
        assert (revoked.json()["state"], revoked.json()["claims_count"]) == ("revoked", 1)
    assert (await claim(shop, "bob", token)).json()["type"] == "urn:plaudit:problem:reward-link-over"
    # Whoever has it keeps what they got.
    assert (await claim(shop, "ada", token)).status_code == 200
    assert (await api.post(f"/v1/reward-links/{uuid4()}/revoke")).status_code == 404
    # A member makes none and sees none; nobody claims for another.
    ada = await member(shop, "ada")
    assert (await make(ada)).status_code == 403
    assert (await ada.get("/v1/reward-links")).status_code == 403
    theirs = f"/v1/members/{shop.uuid('bob')}/reward-claims"
    assert (await ada.post(theirs, json={"token": token})).status_code == 403


async def test_goods_that_a_link_gave_count_whoever_sent_them_since(shop: Any, api: Any) -> None:
    await add(api, {**MUG, "id": "cup", "kind": "merchandise"})
    made = (await make(api, "cup")).json()
    given = (await claim(shop, "ada", made["token"])).json()
    assert given["state"] == "reserved"
    path = f"/v1/redemptions/{given['redemption_id']}"
    assert (await api.post(f"{path}/confirm")).json()["state"] == "confirmed"
    # Somebody else changed it last: the link has given what it had all the same.
    again = await claim(shop, "bob", made["token"])
    assert (again.status_code, again.json()["type"]) == (409, "urn:plaudit:problem:reward-link-over")
    assert (await claim(shop, "ada", made["token"])).json()["redemption_id"] == given["redemption_id"]
    assert (await api.get("/v1/reward-links")).json()["items"][0]["claims_count"] == 1


async def test_the_same_request_makes_the_same_link_and_its_bounds_hold(shop: Any, api: Any) -> None:
    expires_at = in_days(3)
    answers = await asyncio.gather(*(make(api, key="one", expires_at=expires_at) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({(answer.json()["link_id"], answer.json()["token"]) for answer in answers}) == 1
    other = await make(api, key="one", expires_at=expires_at, uses_max_count=7)
    assert (other.status_code, other.json()["type"]) == (409, "urn:plaudit:problem:idempotency-key-reused")
    for days in (-1, 400):
        ends = await make(api, expires_at=in_days(days))
        assert (ends.status_code, ends.json()["errors"][0]["field"]) == (422, "/expires_at")
    assert (await make(api, "nothing")).status_code == 404
    configure(shop, api, reward_links_max_count=1)
    assert (await make(api)).json()["type"] == "urn:plaudit:problem:too-many-reward-links"


async def test_a_link_of_a_key_of_before_holds_and_nobody_erased_claims(shop: Any, api: Any) -> None:
    made = (await make(api, uses_max_count=9)).json()
    configure(shop, api, voucher_keys=f"{OTHER_KEY},{KEY}")
    assert (await claim(shop, "ada", made["token"])).status_code == 200
    anew = (await api.get(f"/v1/reward-links/{made['link_id']}")).json()["token"]
    configure(shop, api, voucher_keys=OTHER_KEY)
    assert (await claim(shop, "bob", made["token"])).status_code == 404
    assert (await claim(shop, "bob", anew)).status_code == 200
    await shop.handle(on_members, erased(shop, "eve", forfeits=False))
    refused = await api.post(f"/v1/members/{shop.uuid('eve')}/reward-claims", json={"token": anew})
    assert (refused.status_code, refused.json()["type"]) == (404, "urn:plaudit:problem:unknown-member")
    # What has run out gives nothing, and is not counted as claimed.
    empty = (await make(api, "books")).json()
    assert (await claim(shop, "ada", empty["token"])).json()["type"] == "urn:plaudit:problem:out-of-stock"
    assert (await api.get(f"/v1/reward-links/{empty['link_id']}")).json()["claims_count"] == 0
