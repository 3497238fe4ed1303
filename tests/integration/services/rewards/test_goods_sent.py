"""Goods that the community sends: an address, somebody who has them in hand, points back for what cannot be."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.rewards.fulfilment.domain import FulfilmentState
from services.rewards.fulfilment.handlers import advance, load
from services.rewards.redemptions.handlers.ending import expire_reservations
from services.rewards.redemptions.handlers.reserving import give
from services.rewards.shipping.handlers.addresses import count_waiting, look_after_addresses
from services.rewards.shipping.handlers.sealing import sealer_of
from tests.integration.services.rewards.shelf import MUG, add, choose
from tests.integration.services.rewards.test_erased_members import erase
from tests.integration.services.rewards.test_members_themselves import member
from tests.integration.services.rewards.test_vouchers import KEY, OTHER_KEY, configure
from tests.integration.services.rewards.upkeep import run_out
from tests.integration.services.world import tie

pytestmark = pytest.mark.stack

WHERE = {"name": "Ada Lovelace", "lines": ["Via Segretissima 7"], "postcode": "10121", "city": "Torino"}
WHERE |= {"country": "IT"}


@pytest.fixture
async def shop(world: Any, spec: Any, api: Any) -> Any:
    """A community with a mug for 50 points, in which ada and bob have 150 each."""
    world.spec = spec
    configure(world, api, voucher_keys=KEY)
    await world.publish()
    await world.join("ada", "bob")
    await world.give(world.award("a", "ada", 150), world.award("b", "bob", 150))
    await add(api, MUG)
    return world


@pytest.fixture
async def other(shop: Any, clients: Any) -> httpx.AsyncClient:
    """Another person who may send goods."""
    made: httpx.AsyncClient = await clients()
    configure(shop, made, voucher_keys=KEY)
    return made


class Chosen:
    """A mug that ada chose, as she and those who send it see it."""

    def __init__(self, shop: Any, ada: httpx.AsyncClient, made: Any) -> None:
        self.id = made["redemption_id"]
        self.own = f"/v1/members/{shop.uuid('ada')}/redemptions/{self.id}"
        self.ada = ada

    async def say(self, **more: Any) -> httpx.Response:
        return await self.ada.put(f"{self.own}/address", json=WHERE | more)

    async def shown(self) -> Any:
        answer = await self.ada.get(f"{self.own}/fulfilment")
        assert answer.status_code == 200, answer.text
        return answer.json()


async def chosen(shop: Any) -> Chosen:
    ada = await member(shop, "ada")
    made = await choose(ada, shop, "ada", "mug")
    assert made.status_code == 201, made.text
    assert (made.json()["state"], made.json()["fulfilment"]) == ("reserved", "reserved")
    assert made.json()["needs_address"]
    return Chosen(shop, ada, made.json())


async def do(api: Any, mug: Chosen, verb: str, body: Any = None) -> Any:
    return await api.post(f"/v1/fulfilments/{mug.id}/{verb}", json=body)


def slug(answer: httpx.Response) -> str:
    return str(answer.json()["type"].rpartition(":")[2])


async def test_a_mug_is_sent_by_one_person_to_where_its_member_said(shop: Any, api: Any, other: Any) -> None:
    mug = await chosen(shop)
    refused = await do(api, mug, "take")
    assert (refused.status_code, slug(refused)) == (409, "no-delivery-address")
    assert (await mug.say()).status_code == 204
    assert (await mug.say(city="Milano")).status_code == 204

    taken = await do(api, mug, "take")
    assert (taken.status_code, taken.json()["state"], taken.json()["is_yours"]) == (200, "in_hand", True)
    assert (await do(api, mug, "take")).json() == taken.json()
    # One person sends it; its member corrects nothing any more, and does not give it up.
    assert slug(await do(other, mug, "take")) == "fulfilment-not-so-far"
    assert slug(await do(other, mug, "ship", {})) == "goods-in-another-hand"
    assert slug(await mug.say()) == "delivery-address-closed"
    assert slug(await mug.ada.post(f"{mug.own}/cancel")) == "fulfilment-under-way"
    # Where it goes is seen by whoever has it in hand, and by its member.
    seen = (await api.get("/v1/fulfilments/addresses")).json()["items"]
    assert [one["address"]["city"] for one in seen] == ["Milano"]
    assert (await other.get("/v1/fulfilments/addresses")).json()["items"] == []
    assert (await mug.shown())["address"]["lines"] == ["Via Segretissima 7"]
    assert (await api.get(f"{mug.own}/fulfilment")).json()["address"] is None
    # It is forgotten by nobody's clock while somebody has it in hand.
    shop.later = timedelta(days=100)
    async with shop.begin() as tx:
        await run_out(tx, expire_reservations)
        await count_waiting(tx)
    shop.later = timedelta(0)

    parcel = {"carrier": "Post", "tracking_url": "https://post.example/1"}
    sent = await do(api, mug, "ship", parcel)
    assert (sent.status_code, sent.json()["state"]) == (200, "fulfilled"), sent.text
    assert (await do(api, mug, "ship", parcel)).json() == sent.json()
    assert slug(await do(api, mug, "cannot", {"reason": "broken"})) == "redemption-not-cancellable"
    shown = await mug.shown()
    assert [step["state"] for step in shown["steps"]] == ["reserved", "in_hand", "fulfilled"]
    assert (shown["carrier"], shown["tracking_url"]) == ("Post", "https://post.example/1")
    assert await shop.balance("ada") == {"available": 100, "spent": 50}
    assert (await shop.check()).differences == 0
    # What is told says nothing of where.
    told = str([*await shop.published(), *shop.messages])
    assert "Segretissima" not in told
    kept = await shop.pool.fetch("select * from delivery_addresses where community = $1", shop.community)
    assert "Segretissima" not in str(kept)


async def test_what_cannot_be_sent_gives_the_points_back_by_itself(shop: Any, api: Any, other: Any) -> None:
    mug = await chosen(shop)
    await mug.say()
    await do(api, mug, "take")
    back = await do(other, mug, "put-back")
    assert (back.json()["state"], back.json()["is_yours"]) == ("reserved", False)
    assert (await mug.say(city="Roma")).status_code == 204
    failed = await do(api, mug, "cannot", {"reason": "None left in your size"})
    assert (failed.status_code, failed.json()["state"]) == (200, "compensated"), failed.text
    assert (await do(api, mug, "cannot", {"reason": "again"})).json() == failed.json()
    shown = await mug.shown()
    assert (shown["reason"], shown["may_say_where"]) == ("None left in your size", False)
    assert [step["state"] for step in shown["steps"]][-2:] == ["failed", "compensated"]
    assert await shop.balance("ada") == {"available": 150}
    assert slug(await do(api, mug, "take")) == "fulfilment-not-so-far"
    # Handed over in person it takes no address; given up and forgotten it is back.
    in_person, given_up, forgotten = [await chosen(shop) for _ in range(3)]
    assert (await api.post(f"/v1/redemptions/{in_person.id}/confirm")).json()["fulfilment"] == "fulfilled"
    assert (await given_up.ada.post(f"{given_up.own}/cancel")).json()["fulfilment"] == "compensated"
    async with shop.begin() as tx:
        tx.now += timedelta(days=61)
        await run_out(tx, expire_reservations)
    assert (await forgotten.shown())["state"] == "compensated"
    assert await shop.balance("ada") == {"available": 100, "spent": 50}
    assert (await shop.check()).differences == 0


async def test_nobody_sends_themselves_what_they_chose(shop: Any, api: Any, other: Any) -> None:
    mug = await chosen(shop)
    await mug.say()
    await tie(shop.pool, shop.community, api, shop.uuid("ada"))
    for verb, body in (("take", None), ("ship", {})):
        refused = await do(api, mug, verb, body)
        assert (refused.status_code, slug(refused)) == (403, "about-yourself"), refused.text
    assert (await do(other, mug, "take")).status_code == 200


async def test_what_a_provider_was_asked_for_is_ended_by_nobody_else(shop: Any, api: Any) -> None:
    mug = await chosen(shop)
    key = {"community": shop.community, "redemption_id": mug.id}
    for state in (FulfilmentState.ORDERED, FulfilmentState.UNKNOWN):
        async with shop.begin() as tx:
            await advance(tx, [(await load(tx, **key)).becoming(state, by="provider", now=tx.now)])
        for path in (f"{mug.own}/cancel", f"/v1/redemptions/{mug.id}/cancel", f"/v1/redemptions/{mug.id}/confirm"):
            client = mug.ada if path.startswith("/v1/members") else api
            assert slug(await client.post(path)) == "fulfilment-under-way"
        async with shop.begin() as tx:
            tx.now += timedelta(days=100)
            await run_out(tx, expire_reservations)
        assert (await mug.shown())["state"] == state.value


async def test_an_address_is_checked_and_its_country_known(shop: Any, api: Any) -> None:
    mug = await chosen(shop)
    for wrong in (
        {"country": "XX"},
        {"country": "it"},
        {"city": " "},
        {"lines": []},
        {"lines": ["a"] * 4},
        {"name": "a\nb"},
        {"postcode": "1" * 17},
        {"planet": "Mars"},
    ):
        assert (await mug.say(**wrong)).status_code == 422, wrong
    bob = await member(shop, "bob")
    assert (await bob.put(f"{mug.own}/address", json=WHERE)).status_code == 403
    others = mug.own.replace(shop.uuid("ada"), shop.uuid("bob"))
    assert (await bob.put(f"{others}/address", json=WHERE)).status_code == 404
    assert (await bob.get(f"{others}/fulfilment")).status_code == 404
    await do(api, mug, "take")
    refused = await do(api, mug, "ship", {"tracking_url": "javascript:alert(1)"})
    assert refused.status_code == 422


async def test_addresses_are_sealed_anew_and_blanked_some_time_after_it_is_over(shop: Any, api: Any) -> None:
    kept = await chosen(shop)
    sent = await chosen(shop)
    for mug in (kept, sent):
        await mug.say()
    await do(api, sent, "take")
    assert (await do(api, sent, "ship", {"tracking_url": "https://post.example/2"})).status_code == 200
    configure(shop, api, voucher_keys=f"{OTHER_KEY},{KEY}")
    shop.later = timedelta(days=29)
    async with shop.begin() as tx:
        await look_after_addresses(tx)
    keys = "select distinct sealed_by from delivery_addresses where community = $1"
    assert [row[0] for row in await shop.pool.fetch(keys, shop.community)] == sealer_of(OTHER_KEY).key_ids
    configure(shop, api, voucher_keys=OTHER_KEY)
    kept.ada = sent.ada = await member(shop, "ada")
    assert (await sent.shown())["address"]["city"] == "Torino"
    shop.later = timedelta(days=31)
    async with shop.begin() as tx:
        await look_after_addresses(tx)
    shop.later = timedelta(0)
    over = await sent.shown()
    assert (over["address"], over["tracking_url"]) == (None, None)
    assert (await kept.shown())["address"]["city"] == "Torino"
    # With a member goes where their goods were to be sent.
    await erase(shop, "ada", forfeits=False)
    left = "select count(*) from delivery_addresses where community = $1 and sealed is not null"
    assert await shop.pool.fetchval(left, shop.community) == 0


async def test_a_gift_of_goods_waits_for_its_address_and_moves_no_points(shop: Any, api: Any) -> None:
    async with shop.begin() as tx:
        made = await give(
            tx, community=shop.community, member_id=shop.uuid("ada"), reward_id="mug", cause="a", by="grant"
        )
    assert (made.state, made.fulfilment) == ("reserved", "reserved")
    mug = Chosen(shop, await member(shop, "ada"), {"redemption_id": made.redemption_id})
    await mug.say()
    await do(api, mug, "take")
    assert (await do(api, mug, "cannot", {"reason": "None left"})).json()["state"] == "compensated"
    assert await shop.balance("ada") == {"available": 150}
    assert (await shop.check()).differences == 0
