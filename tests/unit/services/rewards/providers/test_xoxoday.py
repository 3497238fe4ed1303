"""Xoxoday Plum by its documented shapes: tokens that end and are used once, and orders by poNumber."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
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
    Goods,
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
from services.rewards.providers.handlers.xoxoday import Tokens, Xoxoday
from tests.local_providers import asking, served

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
CARD = Card(ProviderName.XOXODAY, "29877", 2500, "USD")
WANTED = Wanted("PO12662", CARD)
VOUCHER = {
    "productId": 29877,
    "orderId": 6214194,
    "voucherCode": "DEMO-1623981634745-pvya7e",
    "pin": "",
    "validity": "2031-06-18",
    "amount": 25,
    "currency": "USD",
    "country": "US",
    "type": "code",
    "currencyValue": 0.014089,
}


@dataclass
class Theirs:
    """A server that answers as Xoxoday is documented to, or as `instead` says, once each."""

    access: str = "ACCESS-1"
    refresh: str = "REFRESH-1"
    renewed: int = 0
    delivery: str = "delivered"
    orders: dict[str, Any] = field(default_factory=dict)
    placed: list[Any] = field(default_factory=list)
    instead: list[Response] = field(default_factory=list)
    products: list[Any] = field(default_factory=list)

    async def token(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        if (body["refresh_token"], body["client_id"], body["client_secret"]) != (self.refresh, "client", "secret"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.renewed += 1
        # One is used once.
        self.access, self.refresh = f"ACCESS-{self.renewed + 1}", f"REFRESH-{self.renewed + 1}"
        return JSONResponse(
            {
                "access_token": self.access,
                "token_type": "bearer",
                "expires_in": "1296000",
                "refresh_token": self.refresh,
            }
        )

    async def api(self, request: Request) -> Response:
        if request.headers["authorization"] != f"Bearer {self.access}":
            return JSONResponse({"error": "invalid_token"}, 401)
        if self.instead:
            return self.instead.pop(0)
        body = orjson.loads(await request.body())
        name, data = body["query"].split(".")[-1], body["variables"]["data"]
        if name == "getVouchers":
            return answered(name, self.products if data["page"] == 1 else [])
        if name == "getOrderDetails":
            found = self.orders.get(data["poNumber"])
            if found is None:
                return JSONResponse({"error": "Order not found"}, 400)
            return answered(name, found)
        self.placed.append(data)
        voucher = VOUCHER | {"amount": data["denomination"]}
        order = {
            "orderId": 6214194,
            "orderTotal": data["denomination"],
            "currencyCode": "USD",
            "currencyValue": 0.014089,
            "amountCharged": data["denomination"],
            "orderStatus": "complete",
            "deliveryStatus": self.delivery,
            "tag": "",
            "vouchers": [voucher] if self.delivery == "delivered" else [],
        }
        return answered(name, self.orders.setdefault(data["poNumber"], order))

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/chef/v1/oauth/token/company", self.token, methods=["POST"]),
                Route("/chef/v1/oauth/api", self.api, methods=["POST"]),
            ]
        )


def answered(name: str, data: Any) -> Response:
    return JSONResponse({"data": {name: {"status": 1, "data": data}}})


@dataclass
class Shop:
    """A client, the tokens that it kept, and what time it is."""

    client: Xoxoday
    kept: list[Tokens]
    now: datetime = NOW


@pytest.fixture
def theirs() -> Theirs:
    return Theirs()


@pytest.fixture
async def shop(theirs: Theirs) -> AsyncIterator[Shop]:
    kept: list[Tokens] = []

    async def keep(tokens: Tokens) -> None:
        kept.append(tokens)

    def make(caller: Any) -> Xoxoday:
        return Xoxoday(
            caller,
            client_id="client",
            client_secret="secret",
            email="rewards@example.org",
            tokens=Tokens("ACCESS-1", "REFRESH-1", NOW + timedelta(days=15)),
            keep=keep,
            now=lambda: made.now,
        )

    async with served(theirs.app) as url, asking(f"{url}/chef", make) as client:
        made = Shop(client, kept)
        yield made


async def test_a_voucher_is_ordered_by_our_number_and_found_by_it(shop: Shop, theirs: Theirs) -> None:
    assert await shop.client.query(WANTED, reference=None) is None
    placed = await shop.client.order(WANTED)
    assert (placed.reference, placed.standing) == ("6214194", Standing.DELIVERED)
    assert placed.goods == Goods("DEMO-1623981634745-pvya7e", None, date(2031, 6, 18))
    assert placed.charge == Charge("USD", 2500)
    assert await shop.client.query(WANTED, reference=None) == placed
    assert theirs.placed[0] == {
        "productId": 29877,
        "quantity": 1,
        "denomination": 25,
        "email": "rewards@example.org",
        "contact": "",
        "tag": "",
        "poNumber": "PO12662",
        "notifyReceiverEmail": 0,
        "notifyAdminEmail": 0,
    }
    with pytest.raises(OtherOrderError):
        await shop.client.order(WANTED._replace(card=CARD._replace(face_minor=5000)))


async def test_a_token_that_ends_is_renewed_and_kept_before_it_is_used(shop: Shop, theirs: Theirs) -> None:
    theirs.access = "ANOTHER"  # what the account has was ended there
    assert (await shop.client.order(WANTED)).standing is Standing.DELIVERED
    shop.now = NOW + timedelta(days=15) - timedelta(minutes=30)
    assert await shop.client.query(WANTED, reference=None) is not None
    assert [tokens.refresh for tokens in shop.kept] == ["REFRESH-2", "REFRESH-3"]
    assert "REFRESH" not in repr(shop.kept)
    theirs.access, theirs.refresh = "ANOTHER", "LOST"
    with pytest.raises(LaterError, match="renews no token") as later:
        await shop.client.order(WANTED)
    assert later.value.after_seconds == 300


@pytest.mark.parametrize(
    ("said", "charge"),
    [
        ({"orderTotal": 25.5, "orderDiscount": "0.75", "amountCharged": 24.75}, Charge("USD", 2475, 50, 75)),
        # Charged in another currency than the card's: what of it is a fee cannot be known.
        (
            {"currencyCode": "EUR", "orderTotal": 23.53, "orderDiscount": "0.35", "amountCharged": 23.18},
            Charge("EUR", 2318, 0, 35),
        ),
        ({"amountCharged": ""}, None),
        ({"amountCharged": -1}, None),
        ({"currencyCode": "=1+1"}, None),
        ({"amountCharged": "Infinity"}, None),
    ],
)
async def test_what_it_charged_is_read_and_what_cannot_be_holds_back_no_code(
    shop: Shop, theirs: Theirs, said: Any, charge: Charge | None
) -> None:
    await shop.client.order(WANTED)
    theirs.orders["PO12662"] |= said
    found = await shop.client.query(WANTED, reference=None)
    assert found is not None
    assert (found.goods is not None, found.charge) == (True, charge)


@pytest.mark.parametrize("word", ["pending", "processing", "a word of tomorrow"])
async def test_what_is_not_delivered_is_pending(shop: Shop, theirs: Theirs, word: str) -> None:
    theirs.delivery = word
    placed = await shop.client.order(WANTED)
    assert (placed.standing, placed.goods) == (Standing.PENDING, None)
    assert (await shop.client.cancel(WANTED, reference="6214194")).standing is Standing.PENDING


async def test_delivered_without_a_code_is_pending_still(shop: Shop, theirs: Theirs) -> None:
    await shop.client.order(WANTED)
    theirs.orders["PO12662"]["vouchers"] = []
    found = await shop.client.query(WANTED, reference=None)
    assert found is not None
    assert found.standing is Standing.PENDING


async def test_errors_say_what_is_known(shop: Shop, theirs: Theirs) -> None:
    theirs.instead = [JSONResponse({"error": "Too many requests"}, 429, {"Retry-After": "60"})]
    with pytest.raises(LaterError) as later:
        await shop.client.order(WANTED)
    assert later.value.after_seconds == 60
    for refusal in (
        JSONResponse({"code": 400, "error": "Validation error in place order"}, 400),
        JSONResponse({"data": {"placeOrder": {"status": 0, "message": "Product is out of stock"}}}),
        Response("no such page", 404),
    ):
        theirs.instead = [refusal]
        with pytest.raises(RefusedError):
            await shop.client.order(WANTED)
    for unreadable in (
        Response("<html>502 Bad Gateway</html>", 502, media_type="text/html"),
        Response("<html>Welcome</html>", 200, media_type="text/html"),
        Response(b'{"data": {"placeOrder": {"sta', 200),
        JSONResponse({"data": {"placeOrder": {"status": 1, "data": {"orderTotal": 25}}}}),
        JSONResponse({"data": {}}),
    ):
        theirs.instead = [unreadable]
        with pytest.raises(UnknownOutcomeOfOrderError):
            await shop.client.order(WANTED)
    theirs.instead = [Response("<html>", 502)]
    with pytest.raises(LaterError):
        await shop.client.query(WANTED, reference=None)


async def test_vouchers_come_in_values_or_between_two(shop: Shop, theirs: Theirs) -> None:
    fixed = {
        "productId": 27218,
        "name": "A voucher",
        "expiryAndValidity": "<p>\r\n\t24 Months</p>\r\n",
        "currencyCode": "USD",
        "countries": [{"code": "US", "name": "USA"}],
        "valueType": "fixed_denomination",
        "maxValue": 0,
        "minValue": 0,
        "valueDenominations": "10,25,50",
        "tatInDays": 0,
        "fee": 1.5,
        "discount": "3",
    }
    free = fixed | {
        "productId": 27221,
        "valueType": "open_value",
        "minValue": 5,
        "maxValue": 500,
        "discount": None,
    }
    theirs.products = [fixed, free]
    one, other = await shop.client.products()
    assert (one.faces, one.min_minor, one.max_minor, one.validity) == ([1000, 2500, 5000], 1000, 5000, "24 Months")
    assert (other.faces, other.min_minor, other.max_minor) == ([], 500, 50_000)
    quote = await shop.client.quote(CARD._replace(product_id="27218"), pay_in=CARD.currency, now=NOW)
    # 25.00 + 1.5 % - 3 %: the fee is rounded up, the discount down.
    assert (quote.cost_minor, quote.fee_minor, quote.discount_minor) == (2463, 38, 75)
    assert (quote.reference, quote.expires_at) == (None, None)
    for card in (CARD._replace(product_id="27218", face_minor=2000), CARD):
        with pytest.raises(RefusedError):
            await shop.client.quote(card, pay_in=card.currency, now=NOW)
    with pytest.raises(RefusedError, match="own currency alone"):
        await shop.client.quote(CARD._replace(product_id="27218"), pay_in="JPY", now=NOW)


async def test_webhooks_are_signed_by_nobody_and_say_which_order_to_ask_about(shop: Shop) -> None:
    body = orjson.dumps(
        {
            "id": 812345,
            "data": {
                "orderId": 6214194,
                "poNumber": "PO12662",
                "orderDate": "2021-06-18 07:20:34",
                "deliveryStatus": "delivered",
            },
            "createdAt": "2021-06-18 07:25:01",
        }
    )
    assert shop.client.parse_webhook(Webhook({}, body), now=NOW) == Hint("812345", "6214194", "PO12662")
