"""The sandbox provider does what it is told, and its client knows each time how much is known."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import httpx
import pytest

from plaudit.sandbox_provider.app import create_app
from plaudit.sandbox_provider.hooks import Sender
from plaudit.sandbox_provider.orders import Behaviour, Hooks, Shop
from services.rewards.providers.domain.contract import (
    Card,
    Charge,
    ForgedError,
    LaterError,
    OtherOrderError,
    ProviderName,
    QuoteEndedError,
    RefusedError,
    StaleError,
    Standing,
    UnknownOutcomeOfOrderError,
    Wanted,
    Webhook,
)
from services.rewards.providers.handlers.sandbox import Sandbox
from tests.local_providers import asking, served
from tests.receiver import receiving
from tests.waiting import until

CARD = Card(ProviderName.SANDBOX, "sandbox-books", 1000, "EUR")
WANTED = Wanted("0f4b6a0e-8a43-5d38-9f0c-1f4f6d1c2b3a", CARD)
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="


async def _got(receiver: Any, count: int) -> bool:
    return len(receiver.got) == count


@dataclass
class Place:
    """A sandbox at work, and a client of it."""

    url: str
    shop: Shop
    sender: Sender
    client: Any


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    shop, sender = Shop(), Sender(pause_seconds=0.01)
    shop.told.hooks, shop.told.hang_seconds = Hooks.NONE, 2.0
    async with (
        served(create_app(shop, sender, api_key="key")) as url,
        asking(
            url, lambda caller: Sandbox(caller, api_key="key", webhook_secrets=[SECRET]), seconds=1.0
        ) as client,
    ):
        yield Place(url, shop, sender, client)


async def test_an_order_is_placed_once_however_often_it_is_asked_for(place: Place) -> None:
    assert await place.client.query(WANTED, reference=None) is None
    first = await place.client.order(WANTED)
    again = await place.client.order(WANTED)
    assert (first.standing, first.goods) == (Standing.DELIVERED, again.goods)
    assert first.goods is not None
    assert first.goods.code not in repr(first)
    assert await place.client.query(WANTED, reference=first.reference) == first
    assert place.shop.placed == {WANTED.key: 2}
    assert len(place.shop.orders) == 1
    with pytest.raises(OtherOrderError):
        await place.client.order(WANTED._replace(card=CARD._replace(face_minor=2500)))


@pytest.mark.parametrize(
    "behaviour", [Behaviour.TIME_OUT_AFTER, Behaviour.ERROR_AFTER, Behaviour.HTML, Behaviour.PARTIAL]
)
async def test_what_was_ordered_and_not_answered_is_unknown_and_there_when_asked_for(
    place: Place, behaviour: Behaviour
) -> None:
    place.shop.told.following.append(behaviour)
    with pytest.raises(UnknownOutcomeOfOrderError):
        await place.client.order(WANTED)
    found = await place.client.query(WANTED, reference=None)
    assert found is not None
    assert found.standing is Standing.DELIVERED
    assert (await place.client.order(WANTED)).goods == found.goods
    assert len(place.shop.orders) == 1


@pytest.mark.parametrize("behaviour", [Behaviour.TIME_OUT_BEFORE, Behaviour.ERROR_BEFORE])
async def test_what_was_not_ordered_is_unknown_too_until_it_is_asked_for(
    place: Place, behaviour: Behaviour
) -> None:
    place.shop.told.following.append(behaviour)
    with pytest.raises(UnknownOutcomeOfOrderError):
        await place.client.order(WANTED)
    assert await place.client.query(WANTED, reference=None) is None
    assert (await place.client.order(WANTED)).standing is Standing.DELIVERED


async def test_refusals_say_whether_trying_again_helps(place: Place) -> None:
    place.shop.told.following.extend([Behaviour.RATE_LIMIT, Behaviour.REFUSE, Behaviour.FAIL])
    with pytest.raises(LaterError) as later:
        await place.client.order(WANTED)
    assert later.value.after_seconds == 1
    with pytest.raises(RefusedError, match="told to refuse"):
        await place.client.order(WANTED)
    assert (await place.client.order(WANTED)).standing is Standing.FAILED
    with pytest.raises(RefusedError, match="does not come in that value"):
        await place.client.order(Wanted("other", CARD._replace(face_minor=999)))
    other = await place.client.quote(CARD, pay_in="EUR", now=datetime.now(UTC))
    assert (other.cost_minor, other.cost_currency) == (970, "EUR")


DOLLARS = Card(ProviderName.SANDBOX, "sandbox-any", 1000, "USD")


async def test_a_card_is_ordered_at_what_it_was_quoted(place: Place) -> None:
    now = datetime.now(UTC)
    quote = await place.client.quote(DOLLARS, pay_in="EUR", now=now)
    # 10.00 USD at 1.0956 with 1 % are 9.2187… EUR, and the fee of 0.15 USD 0.1382…: each rounded up.
    assert (quote.cost_minor, quote.fee_minor, quote.cost_currency) == (922 + 14, 14, "EUR")
    assert (quote.rate, quote.spread_basis_points, quote.source) == (Decimal("1.0956"), 100, "sandbox quotes")
    assert quote.expires_at is not None
    assert timedelta(seconds=890) < quote.expires_at - now < timedelta(seconds=910)
    place.shop.exchange.rates = {**place.shop.exchange.rates, "USD": Decimal("0.5")}
    placed = await place.client.order(Wanted("one", DOLLARS, quote))
    assert placed.charge == Charge("EUR", 936, fee_minor=14)
    # Placed again it is the same order, whatever became of the quote.
    place.shop.exchange.quote_seconds = 0
    over = await place.client.quote(DOLLARS, pay_in="EUR", now=now)
    assert (await place.client.order(Wanted("one", DOLLARS, over))).reference == placed.reference


async def test_nothing_is_ordered_at_a_quote_that_is_over(place: Place) -> None:
    now = datetime.now(UTC)
    place.shop.exchange.quote_seconds = 0
    over = await place.client.quote(DOLLARS, pay_in="EUR", now=now)
    with pytest.raises(QuoteEndedError, match="over"):
        await place.client.order(Wanted("one", DOLLARS, over))
    assert await place.client.query(Wanted("one", DOLLARS), reference=None) is None
    place.shop.exchange.quote_seconds = 900
    other = await place.client.quote(DOLLARS._replace(face_minor=2000), pay_in="EUR", now=now)
    with pytest.raises(RefusedError, match="another card"):
        await place.client.order(Wanted("one", DOLLARS, other))
    with pytest.raises(RefusedError, match="no rate for XXX"):
        await place.client.quote(DOLLARS, pay_in="XXX", now=now)
    assert place.shop.orders == []


async def test_it_is_told_at_which_rates_it_quotes(place: Place) -> None:
    async with httpx.AsyncClient(base_url=place.url, timeout=60) as teller:
        told = {"rates": {"USD": "1.25"}, "spread_basis_points": 0, "quote_seconds": 5}
        said = await teller.put("/control/rates", json=told)
        assert (said.json()["rates"]["USD"], said.json()["quote_seconds"]) == ("1.25", 5)
        for wrong in (
            {"rates": {"USD": "0"}},
            {"rates": {"USD": "NaN"}},
            {"rates": 1},
            {"spread_basis_points": -1},
        ):
            assert (await teller.put("/control/rates", json=wrong)).status_code == 400
    quote = await place.client.quote(DOLLARS, pay_in="EUR", now=datetime.now(UTC))
    assert (quote.cost_minor, quote.fee_minor, quote.spread_basis_points) == (812, 12, 0)


async def test_another_order_under_the_key_is_no_answer(place: Place) -> None:
    place.shop.told.following.append(Behaviour.DUPLICATE)
    with pytest.raises(OtherOrderError):
        await place.client.order(WANTED)


async def test_a_wrong_key_and_nobody_there_are_tried_again_later(place: Place) -> None:
    async with asking(place.url, lambda caller: Sandbox(caller, api_key="x", webhook_secrets=[])) as stranger:
        with pytest.raises(LaterError) as refused:
            await stranger.order(WANTED)
    assert refused.value.after_seconds == 300
    async with asking(
        "http://127.0.0.1:9", lambda caller: Sandbox(caller, api_key="x", webhook_secrets=[])
    ) as lost:
        with pytest.raises(LaterError, match="not reached"):
            await lost.order(WANTED)
    async with asking("http://10.0.0.1", lambda caller: Sandbox(caller, api_key="x", webhook_secrets=[])) as inner:
        with pytest.raises(LaterError, match="refused"):
            await inner.order(WANTED)
    assert place.shop.orders == []


async def test_what_is_pending_is_cancelled_and_what_was_delivered_is_not(place: Place) -> None:
    place.shop.told.following.append(Behaviour.PENDING)
    pending = await place.client.order(WANTED)
    assert (pending.standing, pending.goods) == (Standing.PENDING, None)
    assert (await place.client.cancel(WANTED, reference=pending.reference)).standing is Standing.CANCELLED
    other = Wanted("other", CARD)
    delivered = await place.client.order(other)
    assert (await place.client.cancel(other, reference=delivered.reference)).standing is Standing.DELIVERED


async def test_webhooks_are_signed_and_those_that_are_not_are_seen(place: Place) -> None:
    now = datetime.now(UTC)
    async with receiving() as receiver:
        place.sender.url, place.sender.secrets = receiver.url(), [SECRET]
        for count, how in enumerate((Hooks.AFTER, Hooks.TWICE, Hooks.FIRST, Hooks.STALE, Hooks.FORGED)):
            receiver.got.clear()
            place.shop.told.hooks = how
            await place.client.order(Wanted(f"key-{count}", CARD))
            wanted = 2 if how is Hooks.TWICE else 1
            await until(partial(_got, receiver, wanted))
            for got in receiver.got:
                webhook = Webhook(got.headers, got.body)
                if how is Hooks.FORGED:
                    with pytest.raises(ForgedError):
                        place.client.parse_webhook(webhook, now=now)
                elif how is Hooks.STALE:
                    with pytest.raises(StaleError):
                        place.client.parse_webhook(webhook, now=now)
                else:
                    got.verified_by(SECRET)
                    assert place.client.parse_webhook(webhook, now=now).key == f"key-{count}"
                    with pytest.raises(StaleError):
                        place.client.parse_webhook(webhook, now=now + timedelta(seconds=400))
                    with pytest.raises(ForgedError):
                        place.client.parse_webhook(webhook._replace(body=got.body + b" "), now=now)


async def test_it_is_told_by_its_machine_and_refuses_what_it_does_not_know(place: Place) -> None:
    async with httpx.AsyncClient(base_url=place.url, timeout=60) as http:
        told = await http.put("/control/behaviour", json={"next": ["fail"], "webhooks": "twice"})
        said = {"always": "deliver", "next": ["fail"], "webhooks": "twice", "cancels": "keep"}
        assert told.json() == {
            **said,
            "hang_seconds": 2.0,
            "surcharge_minor": 0,
            "kept_minor": 0,
            "says_refunds": True,
        }
        assert (await http.put("/control/behaviour", json={"nxt": []})).json() == {"reason": "unknown: nxt"}
        assert (await http.put("/control/behaviour", json={"next": ["explode"]})).status_code == 400
        place.shop.told.following.clear()
        order = await place.client.order(WANTED)
        reversed_ = await http.post(f"/control/orders/{order.reference}/reversed")
        assert reversed_.json()["standing"] == "reversed"
        assert (await http.post(f"/control/orders/{order.reference}/delivered")).status_code == 409
        listed = (await http.get("/control/orders")).json()["orders"]
        assert [(one["standing"], one["placed_count"]) for one in listed] == [("reversed", 1)]
        assert (await http.get("/v1/products")).status_code == 401
    found = await place.client.query(WANTED, reference=order.reference)
    assert (found.standing, found.goods) == (Standing.REVERSED, None)
    assert len(await place.client.products()) == 2


async def test_no_page_of_the_web_tells_it_what_to_do(place: Place) -> None:
    async with httpx.AsyncClient(base_url=place.url, timeout=60) as browser:
        told = {"always": "refuse"}
        for origin in ("https://elsewhere.example", "null"):
            refused = await browser.put("/control/behaviour", json=told, headers={"Origin": origin})
            assert refused.status_code == 403
        assert place.shop.told.always is Behaviour.DELIVER
        assert (await browser.put("/control/behaviour", json=told)).status_code == 200
        assert (await browser.get("/readyz")).json() == {"missing": []}
