"""Gift cards from a provider: given once whatever it does, and what nobody knows is shown and decided."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from plaudit.sandbox_provider.orders import Behaviour, Cancels, Hooks
from plaudit.sandbox_provider.quotes import Content
from services.rewards.erasure.handlers import look_after, on_members
from tests.integration.services.merging import Merging
from tests.integration.services.rewards.cards import (
    BOOKS,
    CARD,
    IMPATIENT_SECONDS,
    PATIENT_SECONDS,
    Store,
    configure,
    connect,
    made_hooks,
    selling,
)
from tests.integration.services.rewards.shelf import add, choose, code_of
from tests.integration.services.rewards.test_erased_members import erased
from tests.integration.services.rewards.test_members_themselves import member
from tests.integration.services.rewards.test_refunds_of_redemptions import refund
from tests.integration.services.world import add_person, tie

pytestmark = pytest.mark.stack

KEY = secrets.token_urlsafe(32)


@pytest.fixture
async def store(world: Any, spec: Any, api: Any) -> AsyncIterator[Store]:
    world.spec = spec
    async with selling(world, api, KEY) as made:
        yield made


async def test_a_card_is_ordered_and_its_code_is_on_its_owners_page_alone(store: Store, api: Any) -> None:
    world = store.world
    ada, bob = await member(world, "ada"), await member(world, "bob")
    redemption_id = await store.chosen(ada)
    assert await store.state(redemption_id) == ("reserved", "reserved")
    await store.work()
    assert await store.state(redemption_id) == ("confirmed", "fulfilled")
    assert await world.balance("ada") == {"available": 900, "spent": 100}
    (order,) = store.shop.orders
    assert order.key == redemption_id
    shown = await code_of(ada, world, "ada", redemption_id)
    assert shown.json()["code"] == order.goods["code"]
    for client, name in ((api, "ada"), (bob, "ada"), (bob, "bob")):
        refused = await code_of(client, world, name, redemption_id)
        assert refused.status_code in (403, 404)
    told = str([*await world.published(), *world.messages])
    assert order.goods["code"] not in told
    assert "hash" in told
    assert (await store.order(redemption_id))["standing"] == "delivered"
    await store.work(later_seconds=3_600)
    assert store.shop.placed == {redemption_id: 1}
    assert (await world.check()).differences == 0


@pytest.mark.parametrize(
    ("behaviour", "placed_count"),
    [
        (Behaviour.TIME_OUT_BEFORE, 1),
        (Behaviour.TIME_OUT_AFTER, 1),
        (Behaviour.ERROR_BEFORE, 1),
        (Behaviour.ERROR_AFTER, 1),
        (Behaviour.HTML, 1),
        (Behaviour.PARTIAL, 1),
    ],
)
async def test_what_nobody_knows_is_asked_for_and_given_once(
    store: Store, behaviour: Behaviour, placed_count: int
) -> None:
    ada = await member(store.world, "ada")
    store.tell(behaviour)
    redemption_id = await store.chosen(ada)
    if behaviour in (Behaviour.TIME_OUT_BEFORE, Behaviour.TIME_OUT_AFTER):
        store.world.configure(provider_seconds=IMPATIENT_SECONDS)
    await store.work()
    store.world.configure(provider_seconds=PATIENT_SECONDS)
    assert await store.state(redemption_id) == ("reserved", "unknown")
    shown = await store.order(redemption_id)
    assert shown["unknown_since"] is not None
    assert shown["reason"]
    refused = await ada.post(f"/v1/members/{store.world.uuid('ada')}/redemptions/{redemption_id}/cancel")
    assert refused.json()["type"] == "urn:plaudit:problem:fulfilment-under-way"
    assert await store.world.balance("ada") == {"available": 900, "reserved": 100}
    await store.work(later_seconds=10)
    assert await store.state(redemption_id) == ("confirmed", "fulfilled")
    assert len(store.shop.orders) == 1
    assert store.shop.placed == {redemption_id: placed_count}
    assert (await store.order(redemption_id))["unknown_since"] is None
    assert (await store.world.check()).differences == 0


async def test_what_is_refused_or_fails_gives_the_points_back(store: Store) -> None:
    ada = await member(store.world, "ada")
    store.tell(Behaviour.REFUSE, Behaviour.FAIL, Behaviour.BOUNCE)
    made = [await store.chosen(ada) for _ in range(3)]
    for later in (0, 10, 20):
        await store.work(later_seconds=later)
    for redemption_id in made:
        assert await store.state(redemption_id) == ("cancelled", "compensated")
    assert await store.world.balance("ada") == {"available": 1_000}
    assert (await store.world.check()).differences == 0


async def test_an_account_that_is_asked_too_often_or_fails_rests_for_a_while(store: Store, api: Any) -> None:
    ada = await member(store.world, "ada")
    store.tell(Behaviour.RATE_LIMIT)
    redemption_id = await store.chosen(ada)
    await store.work()
    # Surely not ordered: whoever wants it may still give it up.
    assert await store.state(redemption_id) == ("reserved", "reserved")
    store.shop.told.always = Behaviour.ERROR_BEFORE
    for later in (10, 100, 200):
        await store.work(later_seconds=later)
    (account,) = [one for one in (await api.get("/v1/providers")).json()["items"] if one["provider"] == "sandbox"]
    assert account["failures_count"] >= 3
    assert account["rests_until"] is not None
    tries = (await store.order(redemption_id))["tries_count"]
    await store.work()
    assert (await store.order(redemption_id))["tries_count"] == tries
    store.shop.told.always = Behaviour.DELIVER
    await store.work(later_seconds=3_600)
    assert await store.state(redemption_id) == ("confirmed", "fulfilled")


async def test_another_order_under_the_key_is_decided_by_two_people(store: Store, api: Any, clients: Any) -> None:
    world = store.world
    ada = await member(world, "ada")
    store.tell(Behaviour.DUPLICATE)
    redemption_id = await store.chosen(ada)
    path = f"/v1/provider-orders/{redemption_id}"
    found = {"outcome": "not_ordered", "reason": "Their support says so"}
    early = await api.post(f"{path}/outcome", json=found)
    assert early.json()["type"] == "urn:plaudit:problem:provider-order-known"
    await store.work()
    assert (await store.order(redemption_id))["trouble"] == "other_order"
    assert await store.state(redemption_id) == ("reserved", "unknown")
    # It is in the list of those that people have to put right, and nobody is asked any more.
    listed = (await api.get("/v1/provider-orders", params={"troubled": "true"})).json()["items"]
    assert [(one["redemption_id"], one["title"]) for one in listed] == [(redemption_id, "Book card, 10 €")]
    assert (await api.get(f"/v1/redemptions/{redemption_id}")).json()["fulfilled_by"] == "provider"
    await store.work(later_seconds=3_600)
    assert store.shop.placed == {redemption_id: 1}
    nothing = await api.post(f"{path}/outcome/confirm")
    assert nothing.json()["type"] == "urn:plaudit:problem:no-outcome-proposed"
    assert (await api.post(f"{path}/outcome", json=found)).status_code == 200
    own = await api.post(f"{path}/outcome/confirm")
    assert (own.status_code, own.json()["type"]) == (403, "urn:plaudit:problem:own-outcome")
    other = await clients(person_id=await add_person(world.pool, world.community))
    assert (await other.post(f"{path}/outcome/confirm")).status_code == 200
    assert await store.state(redemption_id) == ("cancelled", "compensated")
    assert await world.balance("ada") == {"available": 1_000}


async def test_two_people_give_the_code_that_was_delivered(store: Store, api: Any, clients: Any) -> None:
    world = store.world
    ada = await member(world, "ada")
    store.tell(Behaviour.DUPLICATE)
    redemption_id = await store.chosen(ada)
    await store.work()
    path = f"/v1/provider-orders/{redemption_id}"
    found = {"outcome": "delivered", "reason": "It is in their list", "code": "FOUND-BY-HAND-1", "pin": "7"}
    said = await api.post(f"{path}/outcome", json=found)
    assert "FOUND-BY-HAND-1" not in said.text
    other = await clients(person_id=await add_person(world.pool, world.community))
    confirmed = await other.post(f"{path}/outcome/confirm")
    assert confirmed.status_code == 200, confirmed.text
    assert await store.state(redemption_id) == ("confirmed", "fulfilled")
    shown = (await code_of(ada, world, "ada", redemption_id)).json()
    assert (shown["code"], shown["pin"]) == ("FOUND-BY-HAND-1", "7")
    told = str(await world.published())
    assert "FOUND-BY-HAND-1" not in told


async def test_a_code_that_somebody_has_is_not_given_twice(store: Store) -> None:
    ada, bob = await member(store.world, "ada"), await member(store.world, "bob")
    first = await store.chosen(ada)
    await store.work()
    store.tell(Behaviour.ERROR_AFTER)
    second = await store.chosen(bob, "bob")
    await store.work()
    one, other = store.shop.orders
    other.goods.update(one.goods)
    await store.work(later_seconds=10)
    assert (await store.order(second))["trouble"] == "known_code"
    assert await store.state(first) == ("confirmed", "fulfilled")
    assert await store.state(second) == ("reserved", "unknown")


async def test_what_is_pending_comes_by_a_webhook_however_it_comes(store: Store, api: Any) -> None:
    ada = await member(store.world, "ada")
    account = (await api.get("/v1/providers")).json()["items"][0]
    assert account["provider"] == "sandbox"
    for how in (Hooks.AFTER, Hooks.TWICE, Hooks.REORDERED):
        store.tell(Behaviour.PENDING)
        redemption_id = await store.chosen(ada)
        await store.work()
        assert await store.state(redemption_id) == ("reserved", "ordered")
        order = store.shop.change(store.shop.orders[-1], "delivered")
        for body, headers in made_hooks(order, how):
            answer = await api.post(account["webhook_path"], content=body, headers=headers)
            assert answer.status_code == 202, answer.text
        # Before its next turn: the webhook has it asked about now.
        await store.work(later_seconds=1)
        assert await store.state(redemption_id) == ("confirmed", "fulfilled")
    assert await store.world.count("voucher_codes") == 3


async def test_forged_stale_and_strange_webhooks_do_nothing(store: Store, api: Any) -> None:
    ada = await member(store.world, "ada")
    account = (await api.get("/v1/providers")).json()["items"][0]
    store.tell(Behaviour.PENDING)
    redemption_id = await store.chosen(ada)
    await store.work()
    before = await store.order(redemption_id)
    order = store.shop.change(store.shop.orders[-1], "delivered")
    for how in (Hooks.FORGED, Hooks.STALE):
        for body, headers in made_hooks(order, how):
            refused = await api.post(account["webhook_path"], content=body, headers=headers)
            assert (refused.status_code, refused.json()["type"]) == (401, "urn:plaudit:problem:refused-webhook")
    # What was signed is replayed over another body, and under another name.
    ((body, headers),) = made_hooks(order, Hooks.AFTER)[-1:]
    (signed,) = [name for name in headers if name.lower() == "webhook-id"]
    for other in ((body.replace(b"delivered", b"reversed"), headers), (body, headers | {signed: "msg_another"})):
        replayed = await api.post(account["webhook_path"], content=other[0], headers=other[1])
        assert (replayed.status_code, replayed.json()["type"]) == (401, "urn:plaudit:problem:refused-webhook")
    for body, headers in made_hooks(order, Hooks.AFTER):
        nowhere = await api.post(f"/v1/provider-webhooks/{redemption_id}", content=body, headers=headers)
        assert nowhere.status_code == 401
    for body, headers in made_hooks(None, Hooks.AFTER):
        unread = await api.post(account["webhook_path"], content=body, headers=headers)
        assert unread.status_code == 400
    assert await store.order(redemption_id) == before
    await store.work(later_seconds=1)
    assert await store.state(redemption_id) == ("reserved", "ordered")


async def test_a_secret_is_rotated_while_webhooks_come(store: Store, api: Any) -> None:
    ada = await member(store.world, "ada")
    account = (await api.get("/v1/providers")).json()["items"][0]
    other = "whsec_" + "enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmEwMTIzNDU="
    store.tell(Behaviour.PENDING, Behaviour.PENDING)
    old, new = [await store.chosen(ada) for _ in range(2)]
    await store.work()
    orders = {order.key: order for order in store.shop.orders}
    await connect(store.world, api, other)
    assert (await api.get("/v1/providers")).json()["items"][0]["webhook_path"] == account["webhook_path"]
    for key, secret in ((old, None), (new, other)):
        order = store.shop.change(orders[key], "delivered")
        for body, headers in made_hooks(order, Hooks.AFTER, secret):
            assert (await api.post(account["webhook_path"], content=body, headers=headers)).status_code == 202
    await store.work(later_seconds=1)
    assert [await store.state(one) for one in (old, new)] == [("confirmed", "fulfilled")] * 2


async def test_the_secret_of_before_is_shown_with_its_end_and_ended_at_once(store: Store, api: Any) -> None:
    ada = await member(store.world, "ada")
    account = (await api.get("/v1/providers")).json()["items"][0]
    assert account["old_secret_until"] is None
    other = "whsec_" + "enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmEwMTIzNDU="
    store.tell(Behaviour.PENDING)
    await store.chosen(ada)
    await store.work()
    (order,) = store.shop.orders
    assert (await connect(store.world, api, other))["old_secret_until"] is not None
    ended = await api.post("/v1/providers/sandbox/end-old-secret")
    assert (ended.status_code, ended.json()["old_secret_until"]) == (200, None)
    assert (await api.get("/v1/providers")).json()["items"][0]["old_secret_until"] is None
    for secret, status in ((None, 401), (other, 202)):
        for body, headers in made_hooks(order, Hooks.AFTER, secret):
            answer = await api.post(account["webhook_path"], content=body, headers=headers)
            assert answer.status_code == status
    assert (await api.post("/v1/providers/sandbox/end-old-secret")).status_code == 200
    nowhere = await api.post("/v1/providers/tremendous/end-old-secret")
    assert nowhere.json()["type"] == "urn:plaudit:problem:unknown-provider-account"


async def reversed_by_webhook(store: Store, api: Any, place: int = 0) -> None:
    """The provider takes back what it delivered, and says so as often as it likes."""
    order = store.shop.change(store.shop.orders[place], "reversed")
    await hooks_again(store, api, order)


async def hooks_again(store: Store, api: Any, order: Any) -> None:
    account = (await api.get("/v1/providers")).json()["items"][0]
    for body, headers in made_hooks(order, Hooks.AFTER):
        assert (await api.post(account["webhook_path"], content=body, headers=headers)).status_code == 202
    await store.work(later_seconds=1)


async def test_what_a_provider_takes_back_gives_the_points_back_once(store: Store, api: Any) -> None:
    ada = await member(store.world, "ada")
    redemption_id = await store.chosen(ada)
    await store.work()
    assert (await refund(api, redemption_id, 30)).json()["state"] == "done"
    await reversed_by_webhook(store, api)
    assert await store.state(redemption_id) == ("refunded", "compensated")
    assert await store.world.balance("ada") == {"available": 1_000}
    assert (await store.order(redemption_id))["trouble"] is None
    assert (await code_of(ada, store.world, "ada", redemption_id)).status_code == 404
    for _ in range(2):
        await store.world.pool.execute(
            "delete from provider_hints where account_id in (select account_id from provider_accounts"
            " where community = $1)",
            store.world.community,
        )
        await hooks_again(store, api, store.shop.orders[0])
        await api.post(f"/v1/provider-orders/{redemption_id}/ask")
        await store.work(later_seconds=5)
    listed = (await api.get("/v1/refunds", params={"redemption_id": redemption_id})).json()["items"]
    assert [(one["points"], one["state"], one["asked_by"]) for one in listed] == [
        (70, "done", "provider sandbox"),
        (30, "done", listed[1]["asked_by"]),
    ]
    assert (await store.world.check()).differences == 0


async def test_above_an_amount_or_of_nobody_people_see_to_what_a_provider_takes_back(
    store: Store, api: Any
) -> None:
    configure(store.world, api, reversals_alone_max_points=99)
    ada, bob = await member(store.world, "ada"), await member(store.world, "bob")
    redemption_id, gone = await store.chosen(ada), await store.chosen(bob, "bob")
    await store.work()
    await store.world.handle(on_members, erased(store.world, "bob", forfeits=True))
    by_key = {order.key: place for place, order in enumerate(store.shop.orders)}
    await reversed_by_webhook(store, api, by_key[redemption_id])
    configure(store.world, api, reversals_alone_max_points=100)
    await reversed_by_webhook(store, api, by_key[gone])
    for one in (redemption_id, gone):
        assert (await store.order(one))["trouble"] == "reversed"
        assert await store.state(one) == ("confirmed", "fulfilled")
    # It was taken back already: nobody is asked first.
    assert (await refund(api, redemption_id)).json()["state"] == "done"
    assert (await store.order(redemption_id))["trouble"] is None
    assert await store.world.balance("ada") == {"available": 1_000}
    assert (await refund(api, gone)).status_code == 409
    path = f"/v1/provider-orders/{gone}/acknowledge"
    assert (await api.post(path, json={"note": "They were erased"})).json()["trouble"] is None
    again = await api.post(path, json={"note": "They were erased"})
    assert again.json()["type"] == "urn:plaudit:problem:provider-order-known"
    assert (await store.world.check()).differences == 0


@pytest.mark.parametrize("cancels", list(Cancels))
async def test_all_of_a_card_is_refunded_once_its_provider_takes_it_back(
    store: Store, api: Any, cancels: Cancels
) -> None:
    ada = await member(store.world, "ada")
    redemption_id = await store.chosen(ada)
    await store.work()
    store.shop.told.cancels = cancels
    asked = (await refund(api, redemption_id)).json()
    assert (asked["state"], asked["asks_provider"]) == ("asking", True)
    assert await store.world.balance("ada") == {"available": 900, "spent": 100}
    assert (await refund(api, redemption_id, 1)).json()["type"] == "urn:plaudit:problem:refund-open"
    await store.work()
    # What nobody knows is asked again.
    await store.work(later_seconds=60)
    (one,) = (await api.get("/v1/refunds", params={"redemption_id": redemption_id})).json()["items"]
    if cancels is Cancels.KEEP:
        assert one["state"] == "declined"
        assert await store.state(redemption_id) == ("confirmed", "fulfilled")
        assert not (await store.order(redemption_id))["is_cancel_asked"]
        # It is refunded all the same where a person says so, and the member keeps it.
        assert (await refund(api, redemption_id, ask_provider=False)).json()["state"] == "done"
        assert await store.state(redemption_id) == ("refunded", "fulfilled")
    else:
        assert one["state"] == "done"
        assert await store.state(redemption_id) == ("refunded", "compensated")
    assert await store.world.balance("ada") == {"available": 1_000}
    assert (await store.world.check()).differences == 0


async def test_a_refund_that_is_withdrawn_asks_for_nothing_and_what_was_taken_back_counts(
    store: Store, api: Any
) -> None:
    ada = await member(store.world, "ada")
    redemption_id = await store.chosen(ada)
    await store.work()
    asked = (await refund(api, redemption_id)).json()
    store.shop.told.cancels = Cancels.TAKE_BACK
    path = f"/v1/redemptions/{redemption_id}/refunds/{asked['refund_id']}"
    assert (await api.post(f"{path}/withdraw")).json()["state"] == "withdrawn"
    await store.work(later_seconds=60)
    assert store.shop.orders[0].standing == "delivered"
    assert await store.state(redemption_id) == ("confirmed", "fulfilled")
    await refund(api, redemption_id)
    store.shop.change(store.shop.orders[0], "reversed")
    await store.work(later_seconds=60)
    assert await store.state(redemption_id) == ("refunded", "compensated")
    assert await store.world.balance("ada") == {"available": 1_000}


async def test_orders_are_cancelled_before_and_after_they_were_placed(store: Store, api: Any) -> None:
    ada = await member(store.world, "ada")
    before = await store.chosen(ada)
    assert (await api.post(f"/v1/provider-orders/{before}/cancel")).status_code == 200
    assert await store.state(before) == ("cancelled", "compensated")
    await store.work()
    assert store.shop.orders == []
    store.tell(Behaviour.PENDING)
    pending = await store.chosen(ada)
    await store.work()
    assert (await api.post(f"/v1/provider-orders/{pending}/cancel")).json()["is_cancel_asked"]
    await store.work(later_seconds=1)
    assert await store.state(pending) == ("cancelled", "compensated")
    assert store.shop.orders[0].standing == "cancelled"
    delivered = await store.chosen(ada)
    await store.work()
    over = await api.post(f"/v1/provider-orders/{delivered}/cancel")
    assert over.json()["type"] == "urn:plaudit:problem:provider-order-over"
    assert await store.world.balance("ada") == {"available": 900, "spent": 100}


async def test_who_is_erased_or_merged_in_the_middle(store: Store) -> None:
    world = store.world
    ada, bob = await member(world, "ada"), await member(world, "bob")
    store.tell(Behaviour.PENDING)
    open_, waiting = await store.chosen(ada), None
    await store.work()
    waiting = await store.chosen(ada)
    await world.handle(on_members, erased(world, "ada", forfeits=False))
    async with world.begin() as tx:
        await look_after(tx)
    store.shop.change(store.shop.orders[0], "delivered")
    await store.work(later_seconds=10)
    # What was under way is theirs and nobody sees it; what was not ordered yet never is.
    assert await store.state(open_) == ("confirmed", "fulfilled")
    assert await store.state(waiting) == ("cancelled", "compensated")
    kept = await world.pool.fetchrow(
        "select sealed, forgotten_at from voucher_codes where community = $1", world.community
    )
    assert kept["sealed"] is None
    assert kept["forgotten_at"] is not None
    assert len(store.shop.orders) == 1
    of_bob = await store.chosen(bob, "bob")
    await world.join("eve")
    await Merging(world, on_members).merge("bob", "eve")
    await store.work()
    eve = await member(world, "eve")
    assert (await code_of(eve, world, "eve", of_bob)).status_code == 200


async def test_what_is_no_card_or_no_account_is_refused_by_name(store: Store, api: Any) -> None:
    ada = await member(store.world, "ada")
    await add(api, {**CARD, "id": "other"})
    nameless = await choose(ada, store.world, "ada", "other")
    assert nameless.json()["type"] == "urn:plaudit:problem:gift-card-not-named"
    assert await store.world.balance("ada") == {"available": 1_000}
    assert (await api.get("/v1/catalogue/rewards/other/card")).json()["type"] == nameless.json()["type"]
    await add(api, {"id": "mug", "kind": "other", "title": "Mug", "points": 1})
    mug = await api.put("/v1/catalogue/rewards/mug/card", json=BOOKS)
    assert mug.json()["type"] == "urn:plaudit:problem:no-gift-card"
    assert (await api.get("/v1/catalogue/rewards/card/card")).json() == {"reward_id": "card", **BOOKS}
    lacking = await api.put("/v1/providers/tremendous", json={"api_key": "x"})
    assert [one["field"] for one in lacking.json()["errors"]] == ["/funding_source_id"]
    unsigned = await api.put("/v1/providers/sandbox", json={"api_key": "x", "client_id": "y"})
    assert unsigned.json()["type"] == "urn:plaudit:problem:unusable-provider-account"
    redemption_id = await store.chosen(ada)
    gone = await api.post("/v1/providers/sandbox/disconnect")
    assert not gone.json()["is_connected"]
    await store.work()
    assert await store.state(redemption_id) == ("reserved", "reserved")
    given_up = await ada.post(f"/v1/members/{store.world.uuid('ada')}/redemptions/{redemption_id}/cancel")
    assert given_up.json()["state"] == "cancelled"
    assert Content("sandbox-books", 1000, "EUR") not in [order.content for order in store.shop.orders]


async def test_nobody_decides_what_became_of_their_own_order(store: Store, api: Any, clients: Any) -> None:
    world = store.world
    ada, other = await member(world, "ada"), await clients()
    store.tell(Behaviour.DUPLICATE)
    redemption_id = await store.chosen(ada)
    await store.work()
    await tie(world.pool, world.community, other, world.uuid("ada"))
    path, found = f"/v1/provider-orders/{redemption_id}/outcome", {"outcome": "not_ordered", "reason": "So it is"}
    assert (await other.post(path, json=found)).json()["type"] == "urn:plaudit:problem:about-yourself"
    assert (await api.post(path, json=found)).status_code == 200
    refused = await other.post(f"{path}/confirm")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:plaudit:problem:about-yourself")
    assert await store.state(redemption_id) == ("reserved", "unknown")
