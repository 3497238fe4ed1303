"""A community that has a gift card from the sandbox provider, and what happens to orders of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import Any

from plaudit.sandbox_provider.app import create_app
from plaudit.sandbox_provider.hooks import Sender, hook_body, hook_headers
from plaudit.sandbox_provider.orders import Behaviour, Hooks, Shop
from services.rewards.orders.handlers.working import order_goods
from tests.integration.services.rewards.shelf import add, choose
from tests.local_providers import served

CARD = {"id": "card", "kind": "gift_card", "title": "Book card, 10 €", "points": 100}
BOOKS = {"provider": "sandbox", "product_id": "sandbox-books", "face_minor": 1000, "currency": "EUR"}
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
API_KEY = "sandbox-key-of-a-test"
SECONDS = 0.5


@dataclass
class Store:
    """The sandbox at work, the community, and who runs it."""

    world: Any
    api: Any
    shop: Shop
    sender: Sender
    url: str

    def tell(self, *following: Behaviour, hooks: Hooks = Hooks.NONE) -> None:
        """What becomes of the next orders, and how their webhooks come."""
        self.shop.told.following.extend(following)
        self.shop.told.hooks = hooks

    async def chosen(self, client: Any, name: str = "ada", key: str | None = None) -> str:
        """What somebody redeemed a card by."""
        made = await choose(client, self.world, name, "card", key)
        assert made.status_code == 201, made.text
        found: str = made.json()["redemption_id"]
        return found

    async def work(self, *, later_seconds: float = 0) -> None:
        """One turn of the lanes, some time later."""
        self.world.later += timedelta(seconds=later_seconds)
        await order_goods(self.world.begin, monotonic())
        await order_goods(self.world.begin, monotonic() + 0.01)

    async def order(self, redemption_id: str) -> Any:
        """An order as it is shown."""
        answer = await self.api.get(f"/v1/provider-orders/{redemption_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def state(self, redemption_id: str) -> tuple[str, str]:
        """The states of a redemption and of its goods."""
        found = (await self.api.get(f"/v1/redemptions/{redemption_id}")).json()
        return found["state"], found["fulfilment"]

    @property
    def hook_url(self) -> str:
        return str(self.sender.url)


def configure(world: Any, api: Any, **settings: Any) -> None:
    world.configure(**settings)
    state = api._transport.app.state
    state.connected = replace(state.connected, settings=world.settings)


async def connect(api: Any, secret: str = SECRET) -> Any:
    answer = await api.put("/v1/providers/sandbox", json={"api_key": API_KEY, "webhook_secret": secret})
    assert answer.status_code == 200, answer.text
    return answer.json()


@asynccontextmanager
async def selling(world: Any, api: Any, key: str) -> AsyncIterator[Store]:
    """A community whose catalogue has a card from a sandbox that is at work; ada has 1,000 points, bob 150."""
    shop, sender = Shop(), Sender(pause_seconds=0.01)
    shop.told.hooks, shop.told.hang_seconds = Hooks.NONE, SECONDS * 4
    async with served(create_app(shop, sender, api_key=API_KEY)) as url:
        configure(
            world,
            api,
            voucher_keys=key,
            provider_sandbox_url=url,
            provider_loopback=True,
            provider_seconds=SECONDS,
            provider_settle_seconds=60,
        )
        await world.publish()
        await world.join("ada", "bob")
        await world.give(world.award("a", "ada", 1_000), world.award("b", "bob", 150))
        await connect(api)
        await add(api, CARD)
        put = await api.put("/v1/catalogue/rewards/card/card", json=BOOKS)
        assert put.status_code == 200, put.text
        yield Store(world, api, shop, sender, url)


def signed_body(hook_id: str, body: bytes, how: Hooks, secret: str) -> tuple[bytes, dict[str, str]]:
    return body, hook_headers(hook_id, body, how, [secret])


def made_hooks(order: Any, how: Hooks, secret: str | None = None) -> list[tuple[bytes, dict[str, str]]]:
    """Webhooks as the sandbox sends them about an order, bodies and headers; of None one that says nothing."""
    if order is None:
        return [signed_body("msg_nothing", b"[]", how, secret or SECRET)]
    standings = list(order.history)
    if how is Hooks.REORDERED:
        standings.reverse()
    made = [signed_body(*hook_body(order, standing), how, secret or SECRET) for standing in standings]
    return [one for one in made for _ in range(2)] if how is Hooks.TWICE else made
