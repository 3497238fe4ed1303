"""What cards cost is booked as their provider says, corrected once, taken back, checked, and handed to finance."""

import secrets
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from plaudit.sandbox_provider.orders import Behaviour, Cancels
from tests.integration.services.rewards.cards import Store, selling
from tests.integration.services.rewards.test_general_ledger import TODAY
from tests.integration.services.rewards.test_members_themselves import member
from tests.integration.services.rewards.test_refunds_of_redemptions import refund

pytestmark = pytest.mark.stack

KEY = secrets.token_urlsafe(32)


@pytest.fixture
async def store(world: Any, spec: Any, api: Any) -> AsyncIterator[Store]:
    world.spec = spec
    async with selling(world, api, KEY) as made:
        yield made


async def events(store: Store) -> list[str]:
    rows = await store.world.pool.fetch(
        "select kind from transfers where community = $1 and kind like 'card%' order by recorded_at, kind",
        store.world.community,
    )
    return [row["kind"] for row in rows]


async def test_a_card_costs_what_its_provider_charges_with_fee_discount_and_difference(
    store: Store, api: Any
) -> None:
    ada = await member(store.world, "ada")
    store.shop.told.surcharge_minor = 7
    redemption_id = await store.chosen(ada)
    assert (await store.order(redemption_id))["cost"] is None
    await store.work()
    # 10.00 EUR, 3 % off, and 0.07 that nobody was told of.
    assert await store.world.money() == {
        "provider_balance": 977,
        "card_cost": -1_000,
        "card_discounts": 30,
        "card_differences": -7,
    }
    cost = (await store.order(redemption_id))["cost"]
    assert {name: cost[name] for name in ("charged_minor", "expected_minor", "difference_minor", "is_said")} == {
        "charged_minor": 977,
        "expected_minor": 1_000,
        "difference_minor": 7,
        "is_said": True,
    }
    # Asked again, it is booked once.
    assert (await api.post(f"/v1/provider-orders/{redemption_id}/ask")).json()["cost"] == cost
    await store.work(later_seconds=60)
    assert await events(store) == ["card_bought"]
    (listed,) = (await api.get("/v1/provider-orders")).json()["items"]
    assert listed["cost"] == cost
    assert (await store.world.check()).differences == 0


async def test_what_a_provider_takes_back_costs_what_it_kept(store: Store, api: Any) -> None:
    ada = await member(store.world, "ada")
    store.shop.told.cancels, store.shop.told.kept_minor = Cancels.TAKE_BACK, 50
    redemption_id = await store.chosen(ada)
    await store.work()
    await refund(api, redemption_id)
    await store.work(later_seconds=60)
    assert await store.state(redemption_id) == ("refunded", "compensated")
    assert await store.world.money() == {"provider_balance": 50, "card_differences": -50}
    cost = (await store.order(redemption_id))["cost"]
    assert (cost["kept_minor"], cost["taken_back_at"] is None) == (50, False)
    assert await events(store) == ["card_bought", "card_taken_back"]
    assert (await store.world.check()).differences == 0


async def test_what_a_provider_does_not_say_it_refunds_waits_for_a_person_and_is_booked_as_they_say(
    store: Store, api: Any
) -> None:
    ada = await member(store.world, "ada")
    store.shop.told.cancels, store.shop.told.says_refunds = Cancels.TAKE_BACK, False
    redemption_id = await store.chosen(ada)
    await store.work()
    before = await store.world.money()
    await refund(api, redemption_id)
    await store.work(later_seconds=60)
    # The points are back; of the money nobody knows, so nothing is booked, and somebody is asked.
    assert await store.state(redemption_id) == ("refunded", "compensated")
    assert await store.world.money() == before
    order = await store.order(redemption_id)
    assert (order["trouble"], order["cost"]["taken_back_at"]) == ("refund_unsaid", None)
    assert order["cost"]["refund_unsaid_at"] is not None
    (troubled,) = (await api.get("/v1/provider-orders", params={"troubled": True})).json()["items"]
    assert troubled["redemption_id"] == redemption_id
    # Asked again it says no more, and it waits on.
    await api.post(f"/v1/provider-orders/{redemption_id}/ask")
    await store.work(later_seconds=60)
    assert (await store.order(redemption_id))["cost"] == order["cost"]

    settle = f"/v1/provider-orders/{redemption_id}/acknowledge"
    for said in ({}, {"refunded_minor": 971}):
        refused = await api.post(settle, json={"note": "Their statement"} | said)
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "provider-refund-amount")
    for impossible in (-1, 1.5, "970", 10**13):
        refused = await api.post(settle, json={"note": "Their statement", "refunded_minor": impossible})
        assert refused.status_code == 422, refused.text
    done = await api.post(settle, json={"note": "Their statement", "refunded_minor": 900})
    assert done.status_code == 200, done.text
    assert (done.json()["trouble"], done.json()["cost"]["kept_minor"]) == (None, 70)
    assert await store.world.money() == {"provider_balance": 70, "card_differences": -70}
    # It is said once.
    assert (await api.post(settle, json={"note": "Again", "refunded_minor": 900})).status_code == 409
    assert await events(store) == ["card_bought", "card_taken_back"]
    assert (await store.world.check()).differences == 0


async def test_what_two_people_found_out_costs_its_value_until_the_provider_says_more(
    store: Store, api: Any, clients: Any
) -> None:
    ada, other = await member(store.world, "ada"), await clients()
    store.tell(Behaviour.DUPLICATE)
    redemption_id = await store.chosen(ada)
    await store.work()
    found = {"outcome": "delivered", "reason": "Their support says so", "code": "FROM-SUPPORT"}
    assert (await other.post(f"/v1/provider-orders/{redemption_id}/outcome", json=found)).status_code == 200
    assert (await api.post(f"/v1/provider-orders/{redemption_id}/outcome/confirm")).status_code == 200
    assert await store.world.money() == {"provider_balance": 1_000, "card_cost": -1_000}
    assert (await store.order(redemption_id))["cost"]["is_said"] is False
    # The invoice is booked by hand by two people, and the check knows of both.
    lines = [
        {"account": "provider_balance", "currency": "EUR", "amount": -1_000},
        {"account": "bank", "currency": "EUR", "amount": 1_000},
    ]
    made = await api.post(
        "/v1/journals", json={"reason": "invoice", "lines": lines}, headers={"Idempotency-Key": uuid4().hex}
    )
    assert made.status_code == 201, made.text
    done = await other.post(f"/v1/journals/{made.json()['journal_id']}/confirm")
    assert done.status_code == 200, done.text
    assert await store.world.money() == {"bank": 1_000, "card_cost": -1_000}
    assert (await store.world.check()).differences == 0
    journal = (
        await api.get("/v1/finance/journal", params={"from": TODAY.isoformat(), "to": TODAY.isoformat()})
    ).json()
    unmapped = {(one["account"], one["event"]) for one in journal["unmapped"]}
    assert {("provider_balance", "card_bought"), ("card_cost", "card_bought")} <= unmapped


async def test_a_cost_that_was_altered_is_found_by_the_check(store: Store) -> None:
    ada = await member(store.world, "ada")
    await store.chosen(ada)
    await store.work()
    assert (await store.world.check()).differences == 0
    await store.world.pool.execute(
        "update provider_costs set charged_minor = charged_minor + 1 where community = $1", store.world.community
    )
    assert (await store.world.check()).differences > 0
