"""A gift card that its provider quotes: reserved and ordered at the quote, which is asked for again once over."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from plaudit.sandbox_provider.orders import Behaviour
from services.rewards.quotes.handlers.asking import ask_for_quotes
from services.rewards.quotes.store.prices import DueCard, claim_due, lock_claimed
from tests.integration.services.rewards.cards import Store, selling
from tests.integration.services.rewards.test_members_themselves import member

pytestmark = pytest.mark.stack

KEY = secrets.token_urlsafe(32)
DOLLARS = {"provider": "sandbox", "product_id": "sandbox-any", "face_minor": 1000, "currency": "USD"}
PRICE = "/v1/catalogue/rewards/card/card/price"
FOLLOWS = {"currency": "EUR", "minor_per_point": "1.5", "follows": "provider"}


@pytest.fixture
async def store(world: Any, spec: Any, api: Any) -> AsyncIterator[Store]:
    world.spec = spec
    async with selling(world, api, KEY) as made:
        assert (await api.put("/v1/catalogue/rewards/card/card", json=DOLLARS)).status_code == 200
        put = await api.put(PRICE, json=FOLLOWS)
        assert put.json() == {"reward_id": "card", **FOLLOWS}
        yield made


async def quoted(store: Store) -> Any:
    """The quote in force, once its provider was asked; None where there is none."""
    await ask_for_quotes(store.world.begin, monotonic())
    found = (await store.api.get("/v1/catalogue/quotes")).json()["items"]
    return next((one for one in found if one["reward_id"] == "card"), None)


async def choose(store: Store, client: Any, quote_id: str | None) -> Any:
    path = f"/v1/members/{store.world.uuid('ada')}/redemptions"
    body = {"reward_id": "card"} | ({} if quote_id is None else {"quote_id": quote_id})
    return await client.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})


async def test_a_card_is_ordered_at_the_quote_that_its_points_were_reserved_at(store: Store) -> None:
    ada = await member(store.world, "ada")
    quote = await quoted(store)
    # 10.00 USD at 1.0956 with 1 % are 9.22 EUR, the fee of 0.15 USD is 0.14 EUR: at 1.5 cents a point 624.
    assert (quote["cost_minor"], quote["cost_currency"], quote["points"]) == (936, "EUR", 624)
    assert (quote["source"], quote["quoted_by"], quote["rate"]) == ("provider", "sandbox quotes", "1.0956")
    assert (quote["spread_basis_points"], quote["fee_minor"], quote["rate_day"]) == (100, 14, None)
    # The rate moves at the provider: the quote holds all the same.
    store.shop.exchange.rates = {**store.shop.exchange.rates, "USD": Decimal("0.5")}
    made = await choose(store, ada, quote["quote_id"])
    assert (made.status_code, made.json()["points"]) == (201, 624)
    await store.work()
    redemption_id = made.json()["redemption_id"]
    assert await store.state(redemption_id) == ("confirmed", "fulfilled")
    assert await store.world.money() == {"provider_balance": 936, "card_cost": -922, "card_fees": -14}
    order = await store.order(redemption_id)
    assert (order["cost"]["currency"], order["cost"]["difference_minor"]) == ("EUR", 0)
    (at,) = order["quotes"]
    assert (at["cost_minor"], at["currency"], at["is_reserved"]) == (936, "EUR", True)
    assert (await store.world.check()).differences == 0


async def test_a_quote_that_is_over_before_the_order_is_asked_for_again_and_the_difference_booked(
    store: Store,
) -> None:
    ada = await member(store.world, "ada")
    quote = await quoted(store)
    made = await choose(store, ada, quote["quote_id"])
    # Its provider forgets what it quoted, and wants 4 % more now.
    store.shop.exchange._quotes.clear()
    store.shop.exchange.rates = {**store.shop.exchange.rates, "USD": Decimal("1.0534")}
    await store.work()
    redemption_id = made.json()["redemption_id"]
    assert await store.state(redemption_id) == ("confirmed", "fulfilled")
    # The member's price is the reserved one.
    assert await store.world.balance("ada") == {"available": 376, "spent": 624}
    first, again = (await store.order(redemption_id))["quotes"]
    assert (first["cost_minor"], first["is_reserved"]) == (936, True)
    assert (again["cost_minor"], again["fee_minor"], again["is_reserved"]) == (974, 15, False)
    # 9.59 + 0.15 were charged, and 9.22 quoted: 0.37 more, and the fee as it was charged.
    assert await store.world.money() == {
        "provider_balance": 974,
        "card_cost": -922,
        "card_fees": -15,
        "card_differences": -37,
    }
    assert (await store.world.check()).differences == 0
    assert len(store.shop.orders) == 1


async def test_what_costs_far_more_once_its_quote_is_over_is_not_ordered_and_the_points_are_back(
    store: Store,
) -> None:
    ada = await member(store.world, "ada")
    quote = await quoted(store)
    made = await choose(store, ada, quote["quote_id"])
    store.shop.exchange._quotes.clear()
    store.shop.exchange.rates = {**store.shop.exchange.rates, "USD": Decimal("0.9")}
    await store.work()
    redemption_id = made.json()["redemption_id"]
    assert await store.state(redemption_id) == ("cancelled", "compensated")
    assert await store.world.balance("ada") == {"available": 1_000}
    assert "it wants 1140 EUR minor units now, and quoted 936 EUR" in (await store.order(redemption_id))["reason"]
    assert store.shop.orders == []


async def test_an_order_that_nobody_answered_is_the_same_at_whatever_quote_it_is_asked_for(store: Store) -> None:
    ada = await member(store.world, "ada")
    quote = await quoted(store)
    made = await choose(store, ada, quote["quote_id"])
    store.tell(Behaviour.ERROR_AFTER)
    await store.work()
    redemption_id = made.json()["redemption_id"]
    assert (await store.state(redemption_id))[1] == "unknown"
    # By the time that it is asked about, the quote is over and everything is dearer.
    store.shop.exchange._quotes.clear()
    store.shop.exchange.rates = {**store.shop.exchange.rates, "USD": Decimal("0.5")}
    await store.work(later_seconds=60)
    assert await store.state(redemption_id) == ("confirmed", "fulfilled")
    assert (await store.order(redemption_id))["cost"]["charged_minor"] == 936
    assert len((await store.order(redemption_id))["quotes"]) == 1
    assert list(store.shop.placed.values()) == [1]


async def test_a_provider_that_does_not_quote_has_no_price_and_says_why(
    store: Store, world: Any, api: Any
) -> None:
    ada = await member(store.world, "ada")
    await api.put(PRICE, json=FOLLOWS | {"currency": "CHF"})
    assert await quoted(store) is None
    shown = (await api.get(PRICE)).json()
    assert (shown["quote"], shown["reason"]) == (None, "the sandbox has no rate for CHF")
    refused = await choose(store, ada, None)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "quote-needed")
    # It is asked again a minute later, and not before.
    store.shop.exchange.rates = {**store.shop.exchange.rates, "CHF": Decimal("0.93")}
    assert await quoted(store) is None
    world.later += timedelta(seconds=61)
    assert (await quoted(store))["cost_currency"] == "CHF"


async def test_of_workers_that_claim_a_card_to_quote_at_once_one_has_it(store: Store) -> None:
    world, exchange = store.world, store.shop.exchange

    async def claim(tx: Any, *, seconds: float = 60) -> list[DueCard]:
        due = await claim_due(
            tx.conn, now=tx.now, until=tx.now + timedelta(seconds=seconds), busy=(), of_each=9, limit=1_000
        )
        return [one for one in due if one.community == world.community]

    # While the first has not committed, what it has is passed over, and not waited for; afterwards it is claimed.
    async with world.begin() as first:
        (ours,) = await claim(first)
        async with world.begin() as second:
            assert await claim(second) == []
    async with world.begin() as third:
        assert await claim(third) == []
    # Who let its claim lapse is too late with its answer: another has the card by then.
    world.later += timedelta(seconds=61)
    async with world.begin() as fourth:
        (theirs,) = await claim(fourth)
        assert not await lock_claimed(fourth.conn, ours)
        assert await lock_claimed(fourth.conn, theirs)
    # Of eight that ask at once one does: its provider hears of the card once.
    world.later += timedelta(seconds=61)
    await asyncio.gather(*(ask_for_quotes(world.begin, monotonic()) for _ in range(8)))
    assert len(exchange._quotes) == 1
    quotes = await world.pool.fetchval("select count(*) from card_quotes where community = $1", world.community)
    assert quotes == 1


async def test_a_quote_that_ends_at_once_is_none_and_the_order_waits(store: Store) -> None:
    ada = await member(store.world, "ada")
    quote = await quoted(store)
    made = await choose(store, ada, quote["quote_id"])
    store.shop.exchange._quotes.clear()
    store.shop.exchange.quote_seconds = 0
    await store.work()
    redemption_id = made.json()["redemption_id"]
    assert (await store.state(redemption_id))[1] == "reserved"
    store.shop.exchange.quote_seconds = 900
    await store.work(later_seconds=60)
    assert await store.state(redemption_id) == ("confirmed", "fulfilled")
