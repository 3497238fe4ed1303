"""Gift cards after the worst: a process killed at each point of an order, and a database of yesterday."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

import asyncpg
import orjson
import pytest

from plaudit.sandbox_provider.app import create_app
from plaudit.sandbox_provider.hooks import Sender
from plaudit.sandbox_provider.orders import Behaviour, Hooks, Shop
from services.rewards.orders.handlers.working import order_goods
from shared.postgres import database_url, role_name
from shared.topics import REDEMPTIONS
from tests.faults.workers import Workers
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import read
from tests.integration.services.rewards.cards import API_KEY, BOOKS, CARD, SECRET
from tests.integration.services.rewards.office import Office, published, redeem
from tests.integration.services.rewards.test_killed_at_work import WAITING, answers
from tests.integration.services.rewards.test_restored_codes import written
from tests.local_providers import served
from tests.receiver import receiving
from tests.waiting import until

pytestmark = pytest.mark.stack

KEY = secrets.token_urlsafe(32)
HANGS_SECONDS = 60.0
TURN_SECONDS = 1.0


@dataclass
class Sells:
    """A sandbox at work, and the office that orders there."""

    office: Office
    shop: Shop
    sender: Sender
    settings: dict[str, Any]

    async def prepare(self) -> None:
        office = self.office
        await office.prepare()
        await office.ask("PUT", "/v1/providers/sandbox", json={"api_key": API_KEY, "webhook_secret": SECRET})
        await office.ask("POST", "/v1/catalogue/rewards", json=CARD)
        await office.ask("PUT", "/v1/catalogue/rewards/card/card", json=BOOKS)
        await published(office)

    async def state(self, redemption: Any) -> str:
        found = await self.office.ask("GET", f"/v1/redemptions/{redemption['redemption_id']}")
        return str(found["state"])

    async def all_confirmed(self, *redemptions: Any) -> bool:
        return {await self.state(one) for one in redemptions} == {"confirmed"}


@pytest.fixture
async def sells(office: Office) -> AsyncIterator[Sells]:
    shop, sender = Shop(), Sender(pause_seconds=0.01)
    shop.told.hooks, shop.told.hang_seconds = Hooks.NONE, HANGS_SECONDS
    async with served(create_app(shop, sender, api_key=API_KEY)) as url:
        settings = {
            "voucher_keys": KEY,
            "provider_sandbox_url": url,
            "provider_loopback": True,
            "provider_seconds": 3.0,
            "provider_account_calls_max_count": 3,
        }
        office.settings = office.settings.model_copy(update=settings)
        yield Sells(office, shop, sender, settings)


async def test_killed_at_each_point_of_an_order_a_card_is_given_once(sells: Sells) -> None:
    office, shop = sells.office, sells.shop
    async with office.open():
        await sells.prepare()
    workers = Workers(office.state, {})
    settings = {name: str(value) for name, value in sells.settings.items()}
    worker = workers.start("rewards", name="rewards-cards", port=office.port, **settings)
    admin = await asyncpg.connect(database_url(office.state.postgres_admin_url, role_name("rewards")))
    try:
        await until(partial(answers, office))
        async with receiving() as receiver:
            # A webhook that nobody answers holds up the answer to its order for two seconds.
            receiver.answer = lambda _: None
            sells.sender.url, sells.sender.secrets = receiver.url(), [SECRET]
            # 1. Asked and nothing ordered; ordered and not answered.
            shop.told.following.extend([Behaviour.TIME_OUT_BEFORE, Behaviour.TIME_OUT_AFTER])
            made = [await redeem(office, "ada", "card", "1"), await redeem(office, "bob", "card", "2")]

            async def hangs() -> bool:
                return not shop.told.following and len(shop.orders) == 1

            await until(hangs)
            # 2. Answered, and the answer not stored.
            shop.told.hooks = Hooks.FIRST
            made.append(await redeem(office, "eve", "card", "3"))
            await until(partial(_got, receiver))
            async with admin.transaction():
                await admin.execute(
                    "select from redemptions where community = $1 and redemption_id = $2::text::uuid for update",
                    office.world.community,
                    made[2]["redemption_id"],
                )
                await until(lambda: admin.fetchval(WAITING, admin.get_server_pid()))
                worker.kill()
        shop.told.hooks = Hooks.NONE
        await until(partial(answers, office))
        await until(partial(sells.all_confirmed, *made))
        # 3. Stored, and perhaps not told.
        made.append(await redeem(office, "ada", "card", "4"))
        await until(partial(_is_stored, admin, made[3]))
        worker.kill()
    finally:
        await workers.stop_all()
        await admin.close()

    async with office.open():
        await published(office)
        records = await read(office.state, REDEMPTIONS, office.world.community, 16)
        assert (await office.check())["balanced"]
    told = [orjson.loads(record.value)["data"] for record in records]
    confirmed = Counter(data["redemption_id"] for data in told if data.get("state") == "confirmed")
    assert confirmed == {one["redemption_id"]: 1 for one in made}
    assert {order.key for order in shop.orders} == set(confirmed)
    assert set(shop.placed.values()) == {1}
    assert await office.count("voucher_codes") == 4
    assert [await written(office, one) for one in made] == [
        next(order.goods["code"] for order in shop.orders if order.key == one["redemption_id"]) for one in made
    ]


async def _got(receiver: Any) -> bool:
    return bool(receiver.got)


async def _is_stored(admin: asyncpg.Connection, redemption: Any) -> bool:
    found = await admin.fetchval(
        "select state from fulfilments where redemption_id = $1::text::uuid", redemption["redemption_id"]
    )
    return bool(found == "fulfilled")


async def test_a_restored_database_orders_nothing_again_and_gets_its_codes_back(sells: Sells) -> None:
    office, shop = sells.office, sells.shop
    office.settings = office.settings.model_copy(update={"provider_seconds": 30.0})
    async with office.open() as parts:
        await sells.prepare()
        saved = await backup(office.state, "rewards", office.directory)
        given = await redeem(office, "ada", "card", "1")
        await order_goods(parts.begin, monotonic() + TURN_SECONDS)
        assert await sells.all_confirmed(given)
        shop.told.following.append(Behaviour.PENDING)
        open_ = await redeem(office, "bob", "card", "2")
        await order_goods(parts.begin, monotonic() + TURN_SECONDS)
        assert len(shop.orders) == 2
        code = await written(office, given)
        await published(office)

    await restore(office.state, "rewards", saved)
    shop.change(shop.orders[1], "delivered")
    async with office.open() as parts:
        # Both are known again, and what nobody knows is not given up before its provider was asked.
        shown = await office.ask("GET", f"/v1/provider-orders/{open_['redemption_id']}")
        assert shown["unknown_since"] is not None
        await order_goods(parts.begin, monotonic() + TURN_SECONDS)
        assert await sells.all_confirmed(given, open_)
        assert await written(office, given) == code
        assert (await office.check())["balanced"]
    assert len(shop.orders) == 2
    assert set(shop.placed.values()) == {1}


async def test_what_cards_cost_is_known_again_after_a_restore_and_booked_once(sells: Sells) -> None:
    office, shop = sells.office, sells.shop
    office.settings = office.settings.model_copy(update={"provider_seconds": 30.0})
    async with office.open() as parts:
        await sells.prepare()
        kept = await redeem(office, "ada", "card", "1")
        await order_goods(parts.begin, monotonic() + TURN_SECONDS)
        assert await sells.all_confirmed(kept)
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        made = [kept, await redeem(office, "bob", "card", "2"), await redeem(office, "eve", "card", "3")]
        await order_goods(parts.begin, monotonic() + TURN_SECONDS)
        assert await sells.all_confirmed(*made)
        # Of the first two it says nothing, and a person finds out that it keeps a part; the third stays bought.
        orders = {order.key: order for order in shop.orders}
        shop.told.says_refunds = False
        for one in made[:2]:
            shop.change(orders[one["redemption_id"]], "reversed")
            await office.ask("POST", f"/v1/provider-orders/{one['redemption_id']}/ask")
        await order_goods(parts.begin, monotonic() + TURN_SECONDS)
        found = {"note": "Their statement", "refunded_minor": 920}
        await office.ask("POST", f"/v1/provider-orders/{kept['redemption_id']}/acknowledge", json=found)
        before = await _costs(office, made)
        await published(office)
    assert [(one["trouble"], one["cost"]["kept_minor"]) for one in before["orders"]] == [
        *((None, 50), ("refund_unsaid", 0), (None, 0))
    ]
    assert before["money"]["provider_balance"] == 50 + 970 + 970

    await restore(office.state, "rewards", saved)
    async with office.open() as parts:
        after = await _costs(office, made)
        assert [one["cost"] for one in after["orders"]] == [one["cost"] for one in before["orders"]]
        assert after["money"] == before["money"]
        assert [one["trouble"] for one in after["orders"][:2]] == [None, "refund_unsaid"]
        # Its provider is asked about what the backup lacks, and says the same: nothing is booked again.
        await order_goods(parts.begin, monotonic() + TURN_SECONDS)
        assert (await _costs(office, made))["money"] == after["money"]
        said = {"note": "Their statement", "refunded_minor": 970}
        await office.ask("POST", f"/v1/provider-orders/{made[1]['redemption_id']}/acknowledge", json=said)
        assert (await _costs(office, made))["money"]["provider_balance"] == 50 + 970
        assert (await office.check())["balanced"]


async def _costs(office: Office, made: list[Any]) -> dict[str, Any]:
    """What the orders of these redemptions cost, and what is booked of it."""
    accounts = (await office.ask("GET", "/v1/ledger/accounts"))["accounts"]
    return {
        "orders": [await office.ask("GET", f"/v1/provider-orders/{one['redemption_id']}") for one in made],
        "money": {one["kind"]: one["amount"] for one in accounts if one["kind"].startswith(("card", "provider"))},
    }
