"""The catalogue: changed by one at a time, priced by the moment, and one with what programmes declare."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.rewards.catalogue.handlers import count_low
from services.rewards.erasure.handlers import on_members
from services.rewards.metrics import REWARDS_LOW
from services.rewards.programmes.handlers import on_programmes
from tests.integration.services.merging import Merging
from tests.integration.services.rewards.shelf import BOOKS, MUG, add, choose
from tests.integration.services.rewards.test_members_themselves import member

pytestmark = pytest.mark.stack


@pytest.fixture
async def shop(world: Any, spec: Any) -> Any:
    """A community with a programme's catalogue, in which ada has 1,000 points."""
    world.spec = spec
    await world.publish()
    await world.join("ada", "bob")
    await world.give(world.award("a", "ada", 1_000))
    return world


async def offered(api: Any) -> dict[str, Any]:
    return {one["id"]: one for one in (await api.get("/v1/catalogue")).json()["items"]}


async def test_a_reward_is_added_found_and_changed_by_one_at_a_time(shop: Any, api: Any) -> None:
    more = {
        "translations": [{"language": "it", "title": "Tazza", "description": "Di ceramica"}],
        "category": "kitchen",
        "stock": 3,
        "shows_left": True,
    }
    made = await add(api, MUG, **more)
    assert (made["revision"], made["left"], made["is_offered"]) == (1, 3, True)
    await add(api, BOOKS)
    again = await api.post("/v1/catalogue/rewards", json=MUG)
    assert (again.status_code, again.json()["type"]) == (409, "urn:plaudit:problem:reward-exists")

    async def ids(**asked: str) -> list[str]:
        answer = await api.get("/v1/catalogue/rewards", params=asked)
        return [one["id"] for one in answer.json()["items"]]

    assert await ids() == ["books", "mug"]
    assert [await ids(kind="voucher"), await ids(category="kitchen"), await ids(q="MU")] == [
        ["books"],
        ["mug"],
        ["mug"],
    ]
    first = (await api.get("/v1/catalogue/rewards", params={"limit": 1})).json()
    assert await ids(limit="1", after=first["next"]) == ["mug"]

    path = "/v1/catalogue/rewards/mug"
    said = {key: value for key, value in MUG.items() if key != "id"} | more
    changes = [said | {"revision": 1, "title": title} for title in ("Cup", "Beaker")]
    answers = await asyncio.gather(*(api.put(path, json=change) for change in changes))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    stale = next(answer for answer in answers if answer.status_code == 409)
    assert (stale.json()["type"], "revision 2" in stale.json()["detail"]) == (
        "urn:plaudit:problem:stale-reward",
        True,
    )
    shown = (await api.get(path)).json()
    assert (shown["revision"], shown["title"] in ("Cup", "Beaker")) == (2, True)
    item = (await offered(api))["mug"]
    assert (item["source"], item["left"], item["translations"][0]["title"]) == ("catalogue", 3, "Tazza")


async def test_what_does_not_fit_together_is_refused_with_its_field(shop: Any, api: Any) -> None:
    past, soon = "2020-01-01T00:00:00Z", (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for more, field in (
        ({"kind": "voucher", "stock": 5}, "/stock"),
        ({"low_count": 5}, "/low_count"),
        (
            {"translations": [{"language": "it", "title": title} for title in ("Tazza", "Boccale")]},
            "/translations",
        ),
        ({"opens_at": soon, "closes_at": past}, "/closes_at"),
        ({"later_prices": [{"effective_from": past, "points": 1}]}, "/later_prices"),
        ({"later_prices": [{"effective_from": soon, "points": n} for n in (1, 2)]}, "/later_prices"),
    ):
        answer = await api.post("/v1/catalogue/rewards", json=MUG | more)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text
    shop.configure(catalogue_rewards_max_count=1)
    made = await add(api, MUG)
    full = await api.post("/v1/catalogue/rewards", json=BOOKS)
    assert full.json()["type"] == "urn:plaudit:problem:catalogue-full"
    said = {key: value for key, value in MUG.items() if key != "id"} | {"revision": made["revision"]}
    turned = await api.put("/v1/catalogue/rewards/mug", json=said | {"kind": "voucher"})
    assert turned.json()["errors"][0]["field"] == "/kind"
    assert (await api.put("/v1/catalogue/rewards/nothing", json=said)).status_code == 404


async def test_what_is_reserved_keeps_its_price_and_later_prices_begin_by_themselves(shop: Any, api: Any) -> None:
    ada = await member(shop, "ada")
    soon = datetime.now(UTC) + timedelta(hours=1)
    await add(api, MUG, later_prices=[{"effective_from": soon.isoformat(), "points": 80}])
    first = (await choose(ada, shop, "ada", "mug")).json()
    assert first["points"] == 50
    shop.later = timedelta(hours=2)
    second = (await choose(ada, shop, "ada", "mug")).json()
    assert second["points"] == 80
    shop.later = timedelta(0)
    said = {key: value for key, value in MUG.items() if key != "id"} | {
        "revision": 1,
        "points": 60,
        "title": "Cup",
    }
    changed = (await api.put("/v1/catalogue/rewards/mug", json=said)).json()
    assert [price["points"] for price in changed["prices"]] == [50, 60]
    confirmed = await api.post(f"/v1/redemptions/{first['redemption_id']}/confirm")
    assert (confirmed.json()["points"], confirmed.json()["title"]) == (50, "Mug")
    assert (await shop.check()).differences == 0


async def test_one_id_is_one_reward_and_the_catalogues_own_stands(shop: Any, api: Any) -> None:
    """What a programme declared leaves it by being added here; nothing of it is offered twice."""
    assert (await offered(api))["sticker"]["source"] == "programme"
    made = await add(api, {"id": "sticker", "kind": "merchandise", "title": "Holographic", "points": 40})
    item = (await offered(api))["sticker"]
    assert (item["source"], item["title"], item["points"]) == ("catalogue", "Holographic", 40)
    ada = await member(shop, "ada")
    assert (await choose(ada, shop, "ada", "sticker")).json()["points"] == 40
    # A version published later does not bring the programme's back, and a withdrawn one hides it.
    document = {"programme": "demo", "rewards": {"catalogue": [{"id": "sticker", "title": "Old", "points": 1}]}}
    await shop.handle(on_programmes, shop.programme_fact(2, document))
    assert (await offered(api))["sticker"]["title"] == "Holographic"
    said = {"kind": "merchandise", "title": "Holographic", "points": 40, "is_withdrawn": True}
    path = "/v1/catalogue/rewards/sticker"
    assert (await api.put(path, json=said | {"revision": made["revision"]})).status_code == 200
    assert "sticker" not in await offered(api)
    assert (await choose(ada, shop, "ada", "sticker")).json()["type"] == "urn:plaudit:problem:unknown-reward"


async def test_schedule_level_and_limit_keep_what_is_not_for_a_member(shop: Any, api: Any) -> None:
    ada = await member(shop, "ada")
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await add(api, MUG, limit={"max_count": 1, "days": 7})
    await add(api, {**MUG, "id": "later", "opens_at": soon})
    await add(api, {**MUG, "id": "dinner", "level": "regular"})
    assert "later" not in await offered(api)
    assert (await choose(ada, shop, "ada", "later")).status_code == 404
    refused = await choose(ada, shop, "ada", "dinner")
    assert refused.json()["type"] == "urn:plaudit:problem:reward-level-lacking"
    # Sent at once, and by whoever is one person with them: one of them has it.
    answers = await asyncio.gather(*(choose(ada, shop, "ada", "mug") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json().get("type") for answer in answers if answer.status_code == 409} == {
        "urn:plaudit:problem:reward-had-enough"
    }
    own = (await ada.get(f"/v1/members/{shop.uuid('ada')}/catalogue")).json()
    assert (own["had_enough"], own["level_lacking"]) == (["mug"], ["dinner"])
    await Merging(shop, on_members).merge("ada", "bob")
    merged = await choose(await member(shop, "bob"), shop, "bob", "mug")
    assert merged.json()["type"] == "urn:plaudit:problem:reward-had-enough"
    shop.later = timedelta(days=8)
    assert (await choose(await member(shop, "bob"), shop, "bob", "mug")).status_code == 201
    assert (await shop.check()).differences == 0


async def test_few_left_are_counted_for_whoever_runs_it(shop: Any, api: Any) -> None:
    async def low() -> float:
        async with shop.begin() as tx:
            await count_low(tx)
        return float(REWARDS_LOW._value.get())

    before = await low()
    await add(api, MUG, stock=2, low_count=1)
    assert await low() == before
    assert (await choose(await member(shop, "ada"), shop, "ada", "mug")).status_code == 201
    assert await low() == before + 1
    shown = (await api.get("/v1/catalogue/rewards/mug")).json()
    assert (shown["left"], shown["is_low"]) == (1, True)


async def test_what_costs_something_else_than_was_seen_is_not_taken(shop: Any, api: Any) -> None:
    await add(api, MUG)
    ada = await member(shop, "ada")
    path = f"/v1/members/{shop.uuid('ada')}/redemptions"
    headers = {"Idempotency-Key": "seen"}
    said = {key: value for key, value in MUG.items() if key != "id"} | {"revision": 1, "points": 70}
    assert (await api.put("/v1/catalogue/rewards/mug", json=said)).status_code == 200
    refused = await ada.post(path, json={"reward_id": "mug", "points": 50}, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:plaudit:problem:order-price-changed")
    by_manager = {"member_id": shop.uuid("ada"), "reward_id": "mug", "points": 71}
    assert (await api.post("/v1/redemptions", json=by_manager, headers=headers)).status_code == 409
    for impossible in (0, -50, 70.5):
        answer = await ada.post(path, json={"reward_id": "mug", "points": impossible}, headers=headers)
        assert answer.status_code == 422, answer.text
    made = await ada.post(path, json={"reward_id": "mug", "points": 70}, headers=headers)
    assert (made.status_code, made.json()["points"]) == (201, 70)
    # The same request is the same redemption, whatever it costs since.
    assert (
        await api.put("/v1/catalogue/rewards/mug", json=said | {"revision": 2, "points": 90})
    ).status_code == 200
    again = await ada.post(path, json={"reward_id": "mug", "points": 70}, headers=headers)
    assert (again.status_code, again.json()) == (201, made.json())
