"""Refunds of what was confirmed: never above the price, to the lots used last, by whoever may."""

import asyncio
import secrets
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.erasure.handlers import look_after, on_members
from services.rewards.lots.handlers.upkeep import expire_points
from tests.integration.services.merging import Merging
from tests.integration.services.rewards.cards import configure
from tests.integration.services.rewards.shelf import MUG, add, choose, code_of, stock
from tests.integration.services.rewards.test_erased_members import erased
from tests.integration.services.rewards.test_members_themselves import member
from tests.integration.services.rewards.test_redeeming import redeem
from tests.integration.services.world import tie

pytestmark = pytest.mark.stack


@pytest.fixture
async def rich(world: Any) -> Any:
    """A community with a catalogue, in which ada has 100 points from three awards."""
    await world.publish()
    await world.give(world.award("a", "ada", 20), world.award("b", "ada", 50), world.award("c", "ada", 30))
    return world


async def redeemed(api: Any, world: Any, name: str = "ada", reward: str = "sticker") -> str:
    made = (await redeem(api, world, name, reward)).json()
    assert (await api.post(f"/v1/redemptions/{made['redemption_id']}/confirm")).status_code == 200
    redemption_id: str = made["redemption_id"]
    return redemption_id


async def refund(
    api: Any, redemption_id: str, points: int | None = None, key: str | None = None, **said: Any
) -> Any:
    body = {"reason": "It arrived broken", **({} if points is None else {"points": points}), **said}
    path = f"/v1/redemptions/{redemption_id}/refunds"
    return await api.post(path, json=body, headers={"Idempotency-Key": key or uuid4().hex})


async def test_parts_and_then_the_rest_go_back_to_the_lots_used_last(rich: Any, api: Any, all_pages: Any) -> None:
    redemption_id = await redeemed(api, rich)
    assert await rich.lots("ada") == [0, 40, 30]
    first = await refund(api, redemption_id, 12, "first")
    assert (first.status_code, first.json()["state"], first.json()["points"]) == (201, "done", 12)
    # 20 came from the first lot and 10 from the second, which was used last.
    assert await rich.lots("ada") == [2, 50, 30]
    assert await rich.balance("ada") == {"available": 82, "spent": 18}
    again = await refund(api, redemption_id, 12, "first")
    assert again.json() == first.json()
    shown = (await api.get(f"/v1/redemptions/{redemption_id}")).json()
    assert (shown["state"], shown["points"], shown["refunded_points"]) == ("partly_refunded", 30, 12)
    assert [lot["points"] for lot in await all_pages(api, f"/v1/redemptions/{redemption_id}/lots", limit=1)] == [
        18
    ]

    above = await refund(api, redemption_id, 19)
    assert (above.status_code, above.json()["type"]) == (409, "urn:plaudit:problem:redemption-not-refundable")
    assert "18 of its points are not back yet" in above.json()["detail"]
    assert (await refund(api, redemption_id)).json()["points"] == 18
    assert await rich.balance("ada") == {"available": 100}
    assert await rich.lots("ada") == [20, 50, 30]
    for points in (None, 1):
        assert (await refund(api, redemption_id, points)).status_code == 409
    for verb in ("confirm", "cancel"):
        assert (await api.post(f"/v1/redemptions/{redemption_id}/{verb}")).status_code == 409

    rows = await rich.pool.fetch(
        "select kind, amends, revision, why, transfer_id from transfers where community = $1 and cause_id = $2"
        " order by recorded_at, transfer_id",
        rich.community,
        redemption_id,
    )
    (spent,) = [row["transfer_id"] for row in rows if row["kind"] == "redemption_confirmed"]
    refunds = [tuple(row)[:4] for row in rows if row["kind"] == "redemption_refunded"]
    assert refunds == [("redemption_refunded", spent, number, "refund") for number in (1, 2)]
    told = await rich.published()
    states = [fact["data"].get("state", fact["type"]) for fact in told]
    back = "redemption.lots_given_back.v1"
    assert states == [*("reserved", "redemption.lots.v1", "confirmed", back, "partly_refunded", back, "refunded")]
    assert [fact["data"]["part"] for fact in told if fact["type"] == back] == [1, 2]
    assert told[-1]["data"]["refunded_points"] == 30
    assert told[-1]["data"]["refund"]["number"] == 2
    # Why stays with the refund.
    assert "broken" not in str([told, rich.messages])
    assert [one["values"]["points"] for one in rich.messages if one["values"]["state"] == "refunded"] == [
        "12",
        "18",
    ]
    assert (await rich.check()).differences == 0


async def test_a_receipt_has_each_step_with_its_transfer_and_is_its_members_alone(
    rich: Any, spec: Any, api: Any
) -> None:
    rich.spec = spec
    await rich.join("bob")
    made = (await redeem(api, rich, "ada")).json()["redemption_id"]
    path = f"/v1/members/{rich.uuid('ada')}/redemptions/{made}"
    reserved = (await api.get(path)).json()
    assert (reserved["state"], [one["event"] for one in reserved["steps"]]) == ("reserved", ["reserved"])
    confirmed = await api.post(f"/v1/redemptions/{made}/confirm", json={"points": 25})
    assert confirmed.status_code == 200
    for points in (12, 13):
        assert (await refund(api, made, points)).json()["state"] == "done"
    receipt = (await (await member(rich, "ada")).get(path)).json()
    bob = await member(rich, "bob")
    for theirs in (path, f"/v1/members/{rich.uuid('bob')}/redemptions/{made}"):
        assert (await bob.get(theirs)).status_code in (403, 404)
    assert [(one["event"], one["points"]) for one in receipt["steps"]] == [
        *(("reserved", 30), ("confirmed", 25), ("rest_back", 5)),
        *(("refunded", 12), ("refunded", 13)),
    ]
    booked = {
        str(row["transfer_id"]): row["recorded_at"].isoformat()
        for row in await rich.pool.fetch(
            "select transfer_id, recorded_at from transfers where community = $1 and cause_id = $2",
            rich.community,
            made,
        )
    }
    said = {one["transfer_id"]: one["at"].replace("Z", "+00:00") for one in receipt["steps"]}
    assert said == booked
    assert (receipt["state"], receipt["refunded_points"]) == ("refunded", 25)


async def test_what_is_not_spent_or_cost_nothing_is_not_refunded(rich: Any, api: Any) -> None:
    made = (await redeem(api, rich, "ada")).json()["redemption_id"]
    reserved = await refund(api, made)
    assert (reserved.status_code, "cancel it" in reserved.json()["detail"]) == (409, True)
    assert (await refund(api, str(uuid4()))).status_code == 404
    for points in (0, -1, 2**60):
        assert (await refund(api, made, points)).status_code == 422
    assert (await refund(api, made, 1, goods="lost")).status_code == 422


async def test_two_refunds_at_once_are_together_never_above_the_price(rich: Any, api: Any) -> None:
    redemption_id = await redeemed(api, rich)
    answers = await asyncio.gather(*(refund(api, redemption_id, 20) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert await rich.balance("ada") == {"available": 90, "spent": 10}
    assert (await rich.check()).differences == 0


async def test_above_an_amount_another_person_approves_and_nobody_their_own(
    rich: Any, api: Any, clients: Any
) -> None:
    configure(rich, api, refunds_alone_max_points=10)
    redemption_id = await redeemed(api, rich)
    assert (await refund(api, redemption_id, 10)).json()["state"] == "done"
    # Parts count together: nobody refunds more in several steps.
    asked = (await refund(api, redemption_id, 1)).json()
    assert asked["state"] == "waiting"
    assert await rich.balance("ada") == {"available": 80, "spent": 20}
    open_ = await refund(api, redemption_id, 1)
    assert (open_.status_code, open_.json()["type"]) == (409, "urn:plaudit:problem:refund-open")
    listed = (await api.get("/v1/refunds", params={"state": "waiting"})).json()["items"]
    assert [(one["refund_id"], one["title"], one["points"]) for one in listed] == [
        (asked["refund_id"], "Sticker", 1)
    ]
    path = f"/v1/redemptions/{redemption_id}/refunds/{asked['refund_id']}"
    own = await api.post(f"{path}/approve")
    assert (own.status_code, own.json()["type"]) == (403, "urn:plaudit:problem:refund-four-eyes")
    other = await clients("points:approve", "rewards:read")
    for _ in range(2):
        assert (await other.post(f"{path}/approve")).json()["state"] == "done"
    assert await rich.balance("ada") == {"available": 81, "spent": 19}

    asked = (await refund(api, redemption_id, 2)).json()
    path = f"/v1/redemptions/{redemption_id}/refunds/{asked['refund_id']}"
    for _ in range(2):
        assert (await api.post(f"{path}/withdraw")).json()["state"] == "withdrawn"
    assert (await other.post(f"{path}/approve")).json()["type"] == "urn:plaudit:problem:refund-state"
    elsewhere = f"/v1/redemptions/{uuid4()}/refunds/{asked['refund_id']}"
    assert (await other.post(f"{elsewhere}/approve")).status_code == 404
    assert (await rich.check()).differences == 0


async def test_a_code_stays_given_is_shown_no_more_and_its_owner_may_choose_again(
    world: Any, spec: Any, api: Any
) -> None:
    world.spec = spec
    configure(world, api, voucher_keys=secrets.token_urlsafe(32))
    await world.publish()
    await world.join("ada")
    await world.give(world.award("a", "ada", 300))
    await add(
        api, {"id": "books", "kind": "voucher", "title": "Book voucher", "points": 100}, limit={"max_count": 1}
    )
    await stock(api, "ONE", "TWO")
    ada = await member(world, "ada")
    chosen = (await choose(ada, world, "ada")).json()["redemption_id"]
    given = (await code_of(ada, world, "ada", chosen)).json()["code"]
    assert (await choose(ada, world, "ada")).status_code == 409
    assert (await refund(api, chosen, 40)).status_code == 201
    assert (await code_of(ada, world, "ada", chosen)).json()["code"] == given
    assert (await choose(ada, world, "ada")).status_code == 409
    assert (await refund(api, chosen)).status_code == 201
    gone = await code_of(ada, world, "ada", chosen)
    assert (gone.status_code, gone.json()["type"]) == (404, "urn:plaudit:problem:no-code")
    again = (await choose(ada, world, "ada")).json()["redemption_id"]
    other = (await code_of(ada, world, "ada", again)).json()["code"]
    assert {given, other} == {"ONE", "TWO"}
    assert (await world.check()).differences == 0


@pytest.mark.parametrize(("goods", "left"), [("kept", 0), ("returned", 1)])
async def test_goods_that_came_back_are_there_again(world: Any, api: Any, goods: str, left: int) -> None:
    await world.publish()
    await world.join("ada")
    await world.give(world.award("a", "ada", 100))
    await add(api, MUG, stock=1)
    made = (await redeem(api, world, "ada", "mug")).json()["redemption_id"]
    assert (await api.post(f"/v1/redemptions/{made}/confirm")).status_code == 200
    assert (await refund(api, made, goods=goods)).json()["state"] == "done"
    shown = (await api.get(f"/v1/redemptions/{made}")).json()
    assert shown["fulfilment"] == ("compensated" if left else "fulfilled")
    assert (await redeem(api, world, "ada", "mug")).status_code == (201 if left else 409)


async def test_points_whose_time_was_over_have_their_grace_and_are_no_breakage_before(rich: Any, api: Any) -> None:
    configure(rich, api, points_grace_days=5)
    redemption_id = await redeemed(api, rich)
    await rich.pool.execute(
        "update lots set expires_at = now() - interval '1 day' where community = $1 and remaining = 0",
        rich.community,
    )
    assert (await refund(api, redemption_id)).status_code == 201
    assert await rich.balance("ada") == {"available": 100}
    rich.later += timedelta(days=7)
    async with rich.begin() as tx:
        await expire_points(tx)
    assert await rich.balance("ada") == {"available": 80, "expired": 20}
    assert (await rich.check()).differences == 0


async def test_what_was_merged_since_goes_to_whom_it_is_merged_into(rich: Any, api: Any) -> None:
    await rich.join("ada", "bob")
    redemption_id = await redeemed(api, rich)
    await Merging(rich, on_members).merge("ada", "bob")
    assert (await refund(api, redemption_id, 25)).status_code == 201
    assert (await rich.balance("bob"))["available"] == 95
    assert (await rich.check()).differences == 0


async def test_nobody_refunds_who_was_erased_and_what_came_back_before_is_forfeited(rich: Any, api: Any) -> None:
    await rich.join("ada")
    redemption_id = await redeemed(api, rich)
    assert (await refund(api, redemption_id, 5)).status_code == 201
    await rich.handle(on_members, erased(rich, "ada", forfeits=True))
    late = await refund(api, redemption_id, 5)
    assert (late.status_code, "was erased" in late.json()["detail"]) == (409, True)
    async with rich.begin() as tx:
        await look_after(tx)
    assert await rich.balance("ada") == {"expired": 75, "spent": 25}
    assert (await rich.check()).differences == 0


async def test_nobody_refunds_what_is_theirs(rich: Any, pool: Any, api: Any, clients: Any) -> None:
    await rich.join("ada")
    redemption_id = await redeemed(api, rich)
    theirs = await clients()
    await tie(pool, rich.community, theirs, rich.uuid("ada"))
    refused = await refund(theirs, redemption_id)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:plaudit:problem:about-yourself")
    assert (await rich.balance("ada"))["spent"] == 30
