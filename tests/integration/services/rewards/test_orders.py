"""Several rewards at once: reserved together or not at all, ended one by one."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.redemptions.handlers.ending import expire_reservations
from tests.integration.services.rewards.shelf import BOOKS, MUG, add, code_of, stock
from tests.integration.services.rewards.test_members_themselves import member
from tests.integration.services.rewards.test_vouchers import KEY, configure
from tests.integration.services.rewards.upkeep import run_out

pytestmark = pytest.mark.stack


@pytest.fixture
async def shop(world: Any, spec: Any, api: Any) -> Any:
    """A mug for 50 points and a voucher for 100, ada with 400 points in three lots and bob with 150."""
    world.spec = spec
    configure(world, api, voucher_keys=KEY)
    await world.publish()
    await world.join("ada", "bob")
    await world.give(*(world.award(f"a{n}", "ada", points) for n, points in enumerate((130, 70, 200))))
    await world.give(world.award("b", "bob", 150))
    await add(api, MUG)
    await add(api, BOOKS)
    return world


async def order(client: Any, shop: Any, name: str, points: int, key: str = "", **items: int) -> Any:
    body = {"items": [{"reward_id": one, "count": count} for one, count in items.items()], "points": points}
    headers = {"Idempotency-Key": key or uuid4().hex}
    return await client.post(f"/v1/members/{shop.uuid(name)}/orders", json=body, headers=headers)


def slug(answer: Any) -> str:
    return str(answer.json()["type"].rpartition(":")[2])


async def test_what_is_in_an_order_is_reserved_together_and_ends_one_by_one(shop: Any, api: Any) -> None:
    await stock(api, "CODE-1")
    ada = await member(shop, "ada")
    made = await order(ada, shop, "ada", 200, "once", mug=2, books=1)
    assert made.status_code == 201, made.text
    placed = made.json()
    assert (placed["points"], [one["state"] for one in placed["items"]]) == (
        200,
        ["confirmed", "reserved", "reserved"],
    )
    assert await shop.balance("ada") == {"available": 200, "reserved": 100, "spent": 100}
    books, one_mug, other_mug = placed["items"]
    assert (await code_of(ada, shop, "ada", books["redemption_id"])).json()["code"] == "CODE-1"
    # Sent again it is the same, by the stored answer and by what the key made.
    assert (await order(ada, shop, "ada", 200, "once", mug=2, books=1)).json() == placed
    await shop.pool.execute("delete from command_answers where community = $1", shop.community)
    again = (await order(ada, shop, "ada", 200, "once", books=1, mug=2)).json()
    assert {one["redemption_id"] for one in again["items"]} == {one["redemption_id"] for one in placed["items"]}
    await shop.pool.execute("delete from command_answers where community = $1", shop.community)
    assert (await order(ada, shop, "ada", 100, "once", mug=2)).status_code == 409
    # A dearer price is for the next: what is reserved stays as it was.
    said = {"kind": "merchandise", "title": "Mug", "points": 70, "revision": 1}
    assert (await api.put("/v1/catalogue/rewards/mug", json=said)).status_code == 200
    # One cannot be sent and gives its part back, the other is handed over.
    gone = await api.post(f"/v1/fulfilments/{one_mug['redemption_id']}/cannot", json={"reason": "broken"})
    assert gone.status_code == 200, gone.text
    assert (await api.post(f"/v1/redemptions/{other_mug['redemption_id']}/confirm")).json()["points"] == 50
    assert await shop.balance("ada") == {"available": 250, "spent": 150}
    assert sum(await shop.lots("ada")) == 250
    seen = await ada.get(f"/v1/members/{shop.uuid('ada')}/orders/{placed['order_id']}")
    assert sorted(one["state"] for one in seen.json()["items"]) == ["cancelled", "confirmed", "confirmed"]
    told = [one["data"] for one in await shop.published() if one["type"] == "redemption.changed.v1"]
    assert {str(one["order_id"]) for one in told if one["state"] == "reserved"} == {placed["order_id"]}
    bob = await member(shop, "bob")
    assert (await bob.get(f"/v1/members/{shop.uuid('ada')}/orders/{placed['order_id']}")).status_code == 403
    others = f"/v1/members/{shop.uuid('bob')}/orders/{placed['order_id']}"
    assert slug(await bob.get(others)) == "unknown-order"
    assert (await shop.check()).differences == 0


async def test_where_one_piece_is_refused_nothing_of_the_order_is_reserved(shop: Any, api: Any) -> None:
    ada = await member(shop, "ada")
    await stock(api, "CODE-1")
    await add(api, {**MUG, "id": "cup"}, stock=3, kind="other")
    await add(api, {**MUG, "id": "pin"}, limit={"max_count": 2, "days": 7}, kind="other")
    await add(api, {**MUG, "id": "dinner"}, level="regular")
    for refusal, points, items in (
        ("out-of-stock", 250, {"mug": 1, "books": 2}),
        ("out-of-stock", 200, {"cup": 4}),
        ("reward-had-enough", 150, {"pin": 3}),
        ("reward-level-lacking", 100, {"mug": 1, "dinner": 1}),
        ("unknown-reward", 50, {"mug": 1, "nothing": 1}),
        ("order-price-changed", 90, {"mug": 2}),
        ("not-enough-points", 450, {"mug": 9}),
    ):
        refused = await order(ada, shop, "ada", points, **items)
        assert slug(refused) == refusal, refused.text
        if refusal == "not-enough-points":
            assert refused.json()["detail"].startswith("50 points are missing")
    assert await shop.balance("ada") == {"available": 400}
    assert await shop.pool.fetchval("select count(*) from redemptions where community = $1", shop.community) == 0
    assert (await order(ada, shop, "ada", 250, pin=2, cup=3)).status_code == 201
    assert slug(await order(ada, shop, "ada", 50, pin=1)) == "reward-had-enough"
    for wrong in (
        {"items": [], "points": 1},
        {"items": [{"reward_id": "mug", "count": 21}], "points": 1},
        {"items": [{"reward_id": "mug"}] * 2, "points": 100},
        {"items": [{"reward_id": "mug", "count": 11}, {"reward_id": "cup", "count": 10}], "points": 1},
    ):
        headers = {"Idempotency-Key": uuid4().hex}
        answer = await ada.post(f"/v1/members/{shop.uuid('ada')}/orders", json=wrong, headers=headers)
        assert answer.status_code == 422, wrong
    for points in ("-50", "0", "NaN", "Infinity", "1e400", "50.5", "9" * 30, "[50]", "null"):
        # As whoever attacks writes it: no program of theirs would.
        body = f'{{"items": [{{"reward_id": "mug"}}], "points": {points}}}'
        headers = {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}
        answer = await ada.post(f"/v1/members/{shop.uuid('ada')}/orders", content=body, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "/points"), points
    async with shop.begin() as tx:
        tx.now = datetime.now(UTC) + timedelta(days=1)
        await run_out(tx, expire_reservations)
    assert await shop.balance("ada") == {"available": 400}
    assert (await shop.check()).differences == 0


async def test_orders_at_once_take_no_more_than_there_is_and_none_waits_for_another_for_ever(
    shop: Any, api: Any
) -> None:
    await add(api, {**MUG, "id": "cup", "points": 10}, stock=4, kind="other")
    await add(api, {**MUG, "id": "pin", "points": 10}, stock=4, kind="other")
    clients = {name: await member(shop, name) for name in ("ada", "bob")}
    answers = await asyncio.gather(
        *(
            order(clients[name], shop, name, 20, **dict(items))
            for name in ("ada", "bob")
            for items in ([("cup", 1), ("pin", 1)], [("pin", 1), ("cup", 1)])
            for _ in range(2)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [409] * 4
    counted = "select reward_id, count(*) from redemptions where community = $1 group by 1"
    assert dict(await shop.pool.fetch(counted, shop.community)) == {"cup": 4, "pin": 4}
    assert (await shop.check()).differences == 0
