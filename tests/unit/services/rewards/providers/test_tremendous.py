"""Tremendous by its documented shapes: a repeat answers the first order, and each error is what it is."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.rewards.providers.domain.contract import (
    Card,
    Charge,
    ForgedError,
    Hint,
    LaterError,
    OtherOrderError,
    ProviderName,
    RefusedError,
    Standing,
    UnknownOutcomeOfOrderError,
    Wanted,
    Webhook,
)
from services.rewards.providers.handlers.tremendous import Tremendous
from tests.local_providers import asking, served

CARD = Card(ProviderName.TREMENDOUS, "Q24BD9EZ332JT", 5000, "USD")
WANTED = Wanted("7d1a6a52-97c7-5c7c-8c39-0f0d5f1f4b11", CARD)
LINK = "https://testflight.tremendous.com/rewards/payout/ve0jrwn6q"
KEY = "jXjdU8dozx571TG6YzL4"


@dataclass
class Theirs:
    """A server that answers as Tremendous is documented to, or as `instead` says, once each."""

    orders: dict[str, Any] = field(default_factory=dict)
    instead: list[Response] = field(default_factory=list)
    status: str = "EXECUTED"
    delivery: str = "SUCCEEDED"
    has_link: bool = True
    payment: Any = field(default_factory=lambda: {"subtotal": 50, "fees": 2.5, "total": 52.5})
    #: By base, as `/forex` answers them.
    rates: Any = field(
        default_factory=lambda: {
            "EUR": {"EUR": 1, "USD": 1.0956, "JPY": 163.21},
            "JPY": {"USD": 0.00671282397, "EUR": 0.00612707555},
        }
    )
    asked: list[Any] = field(default_factory=list)

    async def place(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        self.asked.append(body)
        if self.instead:
            return self.instead.pop(0)
        if request.headers["authorization"] != "Bearer token":
            return refusal(401, "Unauthorized")
        known = self.orders.get(body["external_id"])
        if known is not None:
            return JSONResponse({"order": known}, 201)
        delivery = {"method": "LINK", "status": self.delivery}
        if self.has_link:
            delivery["link"] = LINK
        reward = {
            "id": "REWARD1",
            "order_id": "ORDER1",
            "value": body["reward"]["value"],
            "delivery": delivery,
            "products": body["reward"]["products"],
        }
        order = {
            "id": "ORDER1",
            "external_id": body["external_id"],
            "status": self.status,
            "payment": self.payment,
            "rewards": [reward],
        }
        self.orders[body["external_id"]] = order
        return JSONResponse({"order": order})

    async def listed(self, request: Request) -> Response:
        # Orders of others come too, as from a server that does not know the filter.
        others = [{"id": "OTHER", "external_id": "other", "status": "EXECUTED", "reward": {"id": "R"}}]
        return self.instead.pop(0) if self.instead else JSONResponse({"orders": [*others, *self.orders.values()]})

    async def one(self, request: Request) -> Response:
        for order in self.orders.values():
            if order["id"] == request.path_params["order_id"]:
                single = {name: value for name, value in order.items() if name != "rewards"}
                return JSONResponse({"order": single | {"reward": order["rewards"][0]}})
        return refusal(404, "Not found")

    async def linked(self, request: Request) -> Response:
        return JSONResponse({"reward": {"id": request.path_params["reward_id"], "link": LINK}})

    async def cancelled(self, request: Request) -> Response:
        for order in self.orders.values():
            order["status"] = "CANCELED"
        return JSONResponse({"reward": {"id": request.path_params["reward_id"]}})

    async def forex(self, request: Request) -> Response:
        rates = self.rates.get(request.query_params["base"])
        return refusal(422, "no such currency") if rates is None else JSONResponse({"forex": rates})

    async def products(self, request: Request) -> Response:
        one = {
            "id": CARD.product_id,
            "name": "A card",
            "skus": [[{"min": 20, "max": 100}]],
            "countries": [{"abbr": "US"}],
            "currency_codes": ["USD", "JPY"],
        }
        return self.instead.pop(0) if self.instead else JSONResponse({"products": [one]})

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/v2/orders", self.place, methods=["POST"]),
                Route("/api/v2/orders", self.listed),
                Route("/api/v2/orders/{order_id}", self.one),
                Route("/api/v2/rewards/{reward_id}/generate_link", self.linked, methods=["POST"]),
                Route("/api/v2/rewards/{reward_id}/cancel", self.cancelled, methods=["POST"]),
                Route("/api/v2/products", self.products),
                Route("/api/v2/forex", self.forex),
            ]
        )


def refusal(status: int, message: str, payload: Any = None, **headers: str) -> Response:
    return JSONResponse({"errors": {"message": message, "payload": payload or {}}}, status, headers)


@pytest.fixture
def theirs() -> Theirs:
    return Theirs()


@pytest.fixture
async def client(theirs: Theirs) -> AsyncIterator[Tremendous]:
    def make(caller: Any) -> Tremendous:
        return Tremendous(caller, api_key="token", funding_source_id="FUND", webhook_secrets=["old", KEY])

    async with served(theirs.app) as url, asking(url, make) as made:
        yield made


async def test_an_order_is_a_link_and_again_it_is_the_same(client: Tremendous, theirs: Theirs) -> None:
    placed = await client.order(WANTED)
    assert (placed.reference, placed.standing) == ("ORDER1", Standing.DELIVERED)
    assert placed.goods is not None
    assert placed.goods.code == LINK
    assert placed.charge == Charge("USD", 5250, fee_minor=250)
    assert await client.order(WANTED) == placed
    assert await client.query(WANTED, reference=None) == placed
    assert await client.query(WANTED, reference="ORDER1") == placed
    assert theirs.asked[0]["payment"] == {"funding_source_id": "FUND"}
    assert theirs.asked[0]["reward"]["value"] == {"denomination": 50, "currency_code": "USD"}
    assert "recipient" not in theirs.asked[0]["reward"]


@pytest.mark.parametrize(
    ("payment", "charge"),
    [
        (
            {"subtotal": 50, "fees": 2.5, "discount": 1, "total": 51.5, "refund": {"total": 50}},
            Charge("USD", 5150, 250, 100, 5000),
        ),
        # Of another currency than the card, as its subtotal shows; or nothing that could be read.
        ({"subtotal": 46.1, "fees": 2.5, "total": 48.6}, None),
        ({"subtotal": 50, "fees": -2.5, "total": 47.5}, None),
        ({"subtotal": 50, "total": "1e400"}, None),
        ({"subtotal": 50, "total": "NaN"}, None),
        ({"subtotal": 50, "total": 10**40}, None),
        ([], None),
        (None, None),
    ],
)
async def test_what_it_charged_is_read_and_what_cannot_be_holds_back_no_link(
    client: Tremendous, theirs: Theirs, payment: Any, charge: Charge | None
) -> None:
    await client.order(WANTED)
    theirs.orders[WANTED.key]["payment"] = payment
    found = await client.query(WANTED, reference="ORDER1")
    assert found is not None
    assert (found.goods is not None, found.charge) == (True, charge)


async def test_a_repeat_that_wants_something_else_is_seen_by_what_comes_back(client: Tremendous) -> None:
    await client.order(WANTED)
    for card in (CARD._replace(face_minor=10_000), CARD._replace(product_id="OTHER")):
        with pytest.raises(OtherOrderError):
            await client.order(WANTED._replace(card=card))
        with pytest.raises(OtherOrderError):
            await client.query(WANTED._replace(card=card), reference=None)


@pytest.mark.parametrize(
    ("status", "delivery", "standing"),
    [
        ("PENDING APPROVAL", "SCHEDULED", Standing.PENDING),
        ("PENDING INTERNAL PAYMENT APPROVAL", "SCHEDULED", Standing.PENDING),
        ("EXECUTED", "FLAGGED", Standing.PENDING),
        ("FLAGGED", "PENDING", Standing.PENDING),
        ("A WORD OF TOMORROW", "PENDING", Standing.PENDING),
        ("FAILED", "PENDING", Standing.FAILED),
        ("EXECUTED", "FAILED", Standing.FAILED),
        ("CANCELED", "SCHEDULED", Standing.CANCELLED),
        ("EXECUTED", "CANCELED", Standing.REVERSED),
        ("EXECUTED", "SCHEDULED", Standing.DELIVERED),
    ],
)
async def test_each_status_is_a_standing(
    client: Tremendous, theirs: Theirs, status: str, delivery: str, standing: Standing
) -> None:
    theirs.status, theirs.delivery = status, delivery
    assert (await client.order(WANTED)).standing is standing


async def test_a_link_that_the_answer_lacks_is_asked_for(client: Tremendous, theirs: Theirs) -> None:
    theirs.has_link = False
    placed = await client.order(WANTED)
    assert placed.goods is not None
    assert placed.goods.code == LINK


async def test_errors_say_what_is_known(client: Tremendous, theirs: Theirs) -> None:
    theirs.instead = [
        refusal(429, "Too many requests", **{"Retry-After": "7"}),
        refusal(401, "Production Access not available for your account"),
        refusal(402, "Not enough funds to carry out this operation. Fund your balance to proceed."),
        refusal(400, "Order failed: validation failure", {"retryable": True}),
    ]
    waits = []
    for _ in range(4):
        with pytest.raises(LaterError) as later:
            await client.order(WANTED)
        waits.append(later.value.after_seconds)
    assert waits == [7, 300, 300, None]
    theirs.instead = [refusal(400, "Order failed: validation failure", {"products": "unknown"})]
    with pytest.raises(RefusedError, match="validation failure"):
        await client.order(WANTED)
    for unreadable in (
        JSONResponse({"errors": {"message": "Something went wrong"}}, 500),
        Response("<html>502 Bad Gateway</html>", 502, media_type="text/html"),
        Response(b'{"order": {"id": "ORD', 200, media_type="application/json"),
        JSONResponse({"order": {"id": "ORDER1"}}),
        Response(status_code=307, headers={"location": "http://10.0.0.1/"}),
    ):
        theirs.instead = [unreadable]
        with pytest.raises(UnknownOutcomeOfOrderError):
            await client.order(WANTED)
    theirs.instead = [Response("<html>", 502)]
    with pytest.raises(LaterError):
        await client.query(WANTED, reference=None)
    assert await client.query(WANTED, reference="NONE") is None
    assert await client.query(WANTED, reference=None) is None


async def test_products_have_values_and_a_quote_is_one_of_them(client: Tremendous) -> None:
    products = await client.products()
    assert [(one.currency, one.min_minor, one.max_minor) for one in products] == [
        ("USD", 2000, 10_000),
        ("JPY", 20, 100),
    ]
    now = datetime(2030, 1, 1, tzinfo=UTC)
    quote = await client.quote(CARD, pay_in="USD", now=now)
    assert (quote.cost_minor, quote.cost_currency, quote.expires_at) == (5000, "USD", None)
    with pytest.raises(RefusedError):
        await client.quote(CARD._replace(face_minor=1), pay_in="USD", now=now)
    with pytest.raises(RefusedError):
        await client.quote(CARD._replace(currency="EUR"), pay_in="USD", now=now)


async def test_a_card_in_another_currency_is_quoted_at_their_rates_of_the_moment(
    client: Tremendous, theirs: Theirs
) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    quote = await client.quote(CARD, pay_in="EUR", now=now)
    # 50 USD at 1.0956 are 45.6370… EUR, rounded up to a cent; they name no spread, no end and nothing to order at.
    assert (quote.cost_minor, quote.cost_currency, quote.rate) == (4564, "EUR", Decimal("1.0956"))
    assert (quote.source, quote.expires_at, quote.reference) == ("tremendous forex", None, None)
    # What has no decimals is rounded up to a whole one: 45.6370… EUR at 163.21.
    assert (await client.quote(CARD, pay_in="JPY", now=now)).cost_minor == 7449
    with pytest.raises(RefusedError, match="no rates of KWD"):
        await client.quote(CARD, pay_in="KWD", now=now)
    theirs.rates["EUR"]["USD"] = 0
    with pytest.raises(LaterError, match="no rates"):
        await client.quote(CARD, pay_in="EUR", now=now)
    del theirs.rates["EUR"]["USD"]
    with pytest.raises(RefusedError, match="no rate of EUR for USD"):
        await client.quote(CARD, pay_in="EUR", now=now)


async def test_what_was_quoted_in_the_accounts_currency_is_charged_in_it(
    client: Tremendous, theirs: Theirs
) -> None:
    quote = await client.quote(CARD, pay_in="EUR", now=datetime(2030, 1, 1, tzinfo=UTC))
    theirs.payment = {"subtotal": 45.71, "fees": 1, "total": 46.71}
    placed = await client.order(WANTED._replace(quote=quote))
    assert placed.charge == Charge("EUR", 4671, fee_minor=100)
    assert theirs.asked[-1]["reward"]["value"] == {"denomination": 50, "currency_code": "USD"}
    # Without a quote nobody knows which currency that is.
    assert (await client.order(WANTED)).charge is None


async def test_an_order_is_cancelled_by_its_reward(client: Tremendous, theirs: Theirs) -> None:
    theirs.status = "PENDING APPROVAL"
    placed = await client.order(WANTED)
    assert (await client.cancel(WANTED, reference=placed.reference)).standing is Standing.CANCELLED


async def test_webhooks_name_orders_and_only_signed_ones_count(client: Tremendous) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)

    def webhook(event: str, kind: str, key: str = KEY) -> Webhook:
        body = orjson.dumps(
            {"event": event, "uuid": "U1", "payload": {"resource": {"id": "ORDER1", "type": kind}, "meta": {}}}
        )
        signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
        return Webhook({"tremendous-webhook-signature": f"sha256={signature}"}, body)

    assert client.parse_webhook(webhook("ORDERS.FAILED", "orders"), now=now) == Hint("U1", "ORDER1")
    assert client.parse_webhook(webhook("REWARDS.CANCELED", "rewards"), now=now) == Hint("U1")
    assert client.parse_webhook(webhook("INVOICES.PAID", "invoices"), now=now) is None
    for forged in (webhook("ORDERS.FAILED", "orders", "else"), Webhook({}, b"{}")):
        with pytest.raises(ForgedError):
            client.parse_webhook(forged, now=now)
