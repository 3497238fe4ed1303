"""Rewards that are for an audience: shown to all as such, had by its members alone."""

from typing import Any

import httpx
import pytest

from services.rewards.erasure.handlers import on_members
from services.rewards.gifts.handlers import on_recognition as on_grants
from services.rewards.programmes.handlers import on_programmes
from shared.contracts.facts import AUDIENCE_FACT, MEMBER_FACT
from shared.followed_audiences import on_audiences
from tests.integration.services.rewards.finance import CATALOGUE
from tests.integration.services.rewards.test_members_themselves import member
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

DOCUMENT = {
    "programme": "demo",
    "audiences": [{"id": "mentors", "title": "Mentors", "when": "member.answers > 2"}],
    "rewards": {
        "catalogue": [*CATALOGUE, {"id": "dinner", "title": "Dinner", "points": 50, "audience": "mentors"}]
    },
}


def turn(world: Any, name: str, revision: int) -> Any:
    data = {
        "audience": "mentors",
        "member_id": world.uuid(name),
        "revision": revision,
        "since": NOON,
        "known_at": NOON,
        "programme_version": 1,
    }
    kind = "audience.entered.v1" if revision % 2 else "audience.left.v1"
    return AUDIENCE_FACT.validate_python(world.fact(kind, f"mentors {name} {revision}", data))


async def test_a_reward_of_an_audience_is_had_by_its_members_alone(
    world: Any, spec: Any, api: httpx.AsyncClient
) -> None:
    world.spec = spec
    await world.handle(on_programmes, world.programme_fact(1, DOCUMENT))
    await world.join("ada", "bob")
    await world.give(world.award("a", "ada", 250), world.award("b", "bob", 250))
    await world.handle(on_audiences, turn(world, "ada", 1))
    ada, bob = await member(world, "ada"), await member(world, "bob")

    offered = {one["id"]: one["audience"] for one in (await bob.get("/v1/catalogue")).json()["items"]}
    assert offered == {"sticker": None, "shirt": None, "dinner": {"id": "mentors", "title": "Mentors"}}

    async def not_for(client: httpx.AsyncClient, name: str) -> Any:
        answer = await client.get(f"/v1/members/{world.uuid(name)}/catalogue")
        assert answer.status_code == 200, answer.text
        return answer.json()["not_for_them"]

    assert (await not_for(ada, "ada"), await not_for(bob, "bob")) == ([], ["dinner"])
    assert (await bob.get(f"/v1/members/{world.uuid('ada')}/catalogue")).status_code == 403

    async def choose(client: httpx.AsyncClient, name: str, key: str) -> httpx.Response:
        path = f"/v1/members/{world.uuid(name)}/redemptions"
        return await client.post(path, json={"reward_id": "dinner"}, headers={"Idempotency-Key": key})

    refused = await choose(bob, "bob", "one")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:plaudit:problem:reward-not-for-member")
    assert refused.json()["errors"][0]["field"] == "/reward_id"
    assert "Mentors" in refused.json()["detail"]
    by_hand = {"member_id": world.uuid("bob"), "reward_id": "dinner"}
    answer = await api.post("/v1/redemptions", json=by_hand, headers={"Idempotency-Key": "two"})
    assert answer.json()["type"] == "urn:plaudit:problem:reward-not-for-member"
    assert (await world.balance("bob"))["available"] == 250
    assert (await choose(ada, "ada", "one")).status_code == 201

    # What is reserved stays hers once she left; the same key is the same answer, another is refused.
    await world.handle(on_audiences, turn(world, "ada", 2))
    assert (await choose(ada, "ada", "one")).status_code == 201
    assert (await choose(ada, "ada", "two")).status_code == 409

    await world.handle(on_audiences, turn(world, "bob", 1))
    assert (await choose(bob, "bob", "three")).status_code == 201
    gone = {
        "member_id": world.uuid("bob"),
        "revision": 9,
        "erased_at": NOON,
        "identities": [],
        "forfeits": False,
    }
    await world.handle(on_members, MEMBER_FACT.validate_python(world.fact("member.erased.v1", "bob gone", gone)))
    await world.handle(on_audiences, turn(world, "bob", 3))
    assert await world.count("followed_audiences") == 1


def granted(world: Any, name: str, level: str, turn: int, *, reverses: bool = False) -> Any:
    grant = world.uuid(f"{name} {level} {turn}")
    data = {
        "grant_id": world.uuid(f"{name} {level} {turn} back") if reverses else grant,
        "member_id": world.uuid(name),
        "kind": "level",
        "id": level,
        "title": level,
        "event_time": NOON,
        "programme_version": 1,
    }
    return world.fact(
        "recognition.granted.v1", f"{grant} {reverses}", data | ({"reverses": grant} if reverses else {})
    )


async def test_rewards_are_had_from_a_level_on_that_opens_them(
    world: Any, spec: Any, api: httpx.AsyncClient
) -> None:
    world.spec = spec
    levels = [
        {"id": "new", "title": "New", "points": 0},
        {"id": "regular", "title": "Regular", "requires": [{"known_minutes": 5}], "opens": ["redeem"]},
    ]
    document = {"programme": "demo", "recognition": {"levels": levels}, "rewards": {"catalogue": CATALOGUE}}
    await world.handle(on_programmes, world.programme_fact(1, document))
    await world.join("ada")
    await world.give(world.award("a", "ada", 900))
    ada = await member(world, "ada")
    path = f"/v1/members/{world.uuid('ada')}"

    async def choose(key: str) -> str:
        answer = await ada.post(
            f"{path}/redemptions", json={"reward_id": "sticker"}, headers={"Idempotency-Key": key}
        )
        lacking = (await ada.get(f"{path}/catalogue")).json()["needs_level"]
        assert lacking == ([] if answer.status_code == 201 else ["Regular"])
        return str(answer.status_code) if answer.is_success else answer.json()["type"].rpartition(":")[2]

    await world.handle(on_grants, granted(world, "ada", "new", 1))
    assert await choose("one") == "level-too-low"
    await world.handle(on_grants, granted(world, "ada", "regular", 1))
    assert await choose("one") == "201"
    # What was granted and taken back is no level, whichever comes first; another grant of it is one.
    await world.handle(on_grants, granted(world, "ada", "regular", 1, reverses=True))
    await world.handle(on_grants, granted(world, "ada", "regular", 1))
    assert await choose("two") == "level-too-low"
    await world.handle(
        on_grants, granted(world, "ada", "regular", 2, reverses=True), granted(world, "ada", "regular", 2)
    )
    assert await choose("two") == "level-too-low"
    await world.handle(on_grants, granted(world, "ada", "regular", 3))
    assert await choose("two") == "201"
    # A version that opens nothing by levels has rewards for all.
    await world.handle(on_programmes, world.programme_fact(2, document | {"recognition": {"levels": levels[:1]}}))
    await world.handle(on_grants, granted(world, "ada", "regular", 3, reverses=True))
    assert await choose("three") == "201"
