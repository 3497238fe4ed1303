"""The sandbox provider's HTTP API: orders for who has its key; whoever is on its machine tells it what to do."""

import asyncio
import hmac
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from ipaddress import ip_address
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plaudit.sandbox_provider import paying
from plaudit.sandbox_provider.hooks import Sender
from plaudit.sandbox_provider.orders import (
    PRODUCTS,
    Behaviour,
    Cancels,
    Hooks,
    NoProductError,
    Order,
    Shop,
)
from plaudit.sandbox_provider.quotes import Content, NoRateError, OtherQuoteError, Quote, QuoteOverError
from plaudit.sandbox_provider.refusing import FullError, OtherContentError, WrongStandingError
from plaudit.sandbox_provider.requests import FIRST_SECONDS, BadRequestError, key_of, read_body, refused, undone

FOLLOWING_MAX_COUNT: Final = 1_000
HANG_MAX_SECONDS: Final = 600.0
QUOTE_MAX_SECONDS: Final = 86_400.0
SPREAD_MAX_BASIS_POINTS: Final = 5_000
RATES_MAX_COUNT: Final = 200
MORE_MAX_MINOR: Final = 1_000_000
#: What an order is once it is placed, for behaviours that place one.
_PLACED: Final = {
    Behaviour.PENDING: ("pending", ""),
    Behaviour.UNCLAIMED: ("pending", ""),
    Behaviour.BOUNCE: ("pending", ""),
    Behaviour.FAIL: ("failed", "the sandbox was told to fail"),
}
#: What a product has, and what each of it is.
_PRODUCT_TYPES: Final = {name: type(value) for name, value in PRODUCTS[0].items()}


_STATUSES: Final[dict[type[Exception], int]] = {
    BadRequestError: 400,
    WrongStandingError: 409,
    QuoteOverError: 410,
    NoProductError: 422,
    NoRateError: 422,
    OtherQuoteError: 422,
}


def create_app(shop: Shop, sender: Sender, *, api_key: str) -> Starlette:
    """The API of a sandbox."""

    def route(path: str, method: str, answer: Callable[..., Awaitable[Response]]) -> Route:
        is_control = path.startswith("/control/")
        return Route(
            path, partial(_answered, shop, sender, answer, None if is_control else api_key), methods=[method]
        )

    return Starlette(
        routes=[
            Route("/readyz", _ready, methods=["GET"]),
            route("/v1/products", "GET", _products),
            route("/v1/quotes", "POST", _quote),
            route("/v1/payouts", "POST", paying.pay),
            route("/v1/payout-quotes", "POST", paying.quote),
            route("/v1/payouts/by-key/{key}", "GET", paying.by_key),
            route("/v1/payouts/{payout_id}/cancel", "POST", paying.cancel),
            route("/control/payouts", "GET", paying.payouts),
            route("/control/payouts/{payout_id}/{standing}", "POST", paying.change),
            route("/v1/orders", "POST", _place),
            route("/v1/orders/by-key/{key}", "GET", _by_key),
            route("/v1/orders/{order_id}", "GET", _by_id),
            route("/v1/orders/{order_id}/cancel", "POST", _cancel),
            route("/control/behaviour", "PUT", _told),
            route("/control/products", "PUT", _stocked),
            route("/control/rates", "PUT", _exchanged),
            route("/control/webhooks", "PUT", _webhooks),
            route("/control/orders", "GET", _orders),
            route("/control/orders/{order_id}/{standing}", "POST", _change),
        ]
    )


async def _answered(
    shop: Shop,
    sender: Sender,
    answer: Callable[..., Awaitable[Response]],
    api_key: str | None,
    request: Request,
) -> Response:
    if api_key is None:
        is_near = request.client is not None and ip_address(request.client.host).is_loopback
        # A page of somebody else's, open in a browser of this machine, is no one who tells it.
        if not is_near or "origin" in request.headers:
            return refused(403, "it is told what to do from its own machine alone, and by no page of the web")
    else:
        shown = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(shown, f"Bearer {api_key}".encode()):
            return refused(401, "the key is not the sandbox's")
    try:
        return await answer(shop, sender, request)
    except tuple(_STATUSES) as error:
        return refused(_STATUSES[type(error)], str(error))


async def _ready(request: Request) -> Response:
    return JSONResponse({"missing": []})


async def _products(shop: Shop, sender: Sender, request: Request) -> Response:
    return JSONResponse({"products": list(shop.products)})


async def _quote(shop: Shop, sender: Sender, request: Request) -> Response:
    needed = ("product_id", "face_minor", "currency")
    body = await read_body(request, *needed, "pay_in", needed=needed)
    content = _content(body)
    pay_in = body.get("pay_in", content.currency)
    if not isinstance(pay_in, str):
        raise BadRequestError("pay_in is a text")
    quote = shop.exchange.quote(content, shop.price(content), pay_in=pay_in, now=datetime.now(UTC))
    return JSONResponse(quote.shown)


async def _place(shop: Shop, sender: Sender, request: Request) -> Response:
    needed = ("key", "product_id", "face_minor", "currency")
    body = await read_body(request, *needed, "quote_id", needed=needed)
    key, content = key_of(body), _content(body)
    shop.price(content)
    # A key that is there is answered as it stands: what goes wrong, goes wrong with new orders.
    is_known = shop.find_by_key(key) is not None
    quote = None if is_known else _taken(shop, body.get("quote_id"), content)
    behaviour = Behaviour.DELIVER if is_known else shop.told.next()
    answer = await undone(shop, behaviour)
    if answer is not None:
        return answer
    if behaviour is Behaviour.DUPLICATE:
        shop.put_other(key, content)
    try:
        order, is_new = shop.place(key, content, *_PLACED.get(behaviour, ("delivered", "")), at=quote)
    except OtherContentError:
        return refused(409, "the key has an order with other content")
    except FullError:
        return refused(503, "the sandbox has as many orders as it keeps")
    return await _placed(shop, sender, order, behaviour, is_new=is_new)


def _taken(shop: Shop, quote_id: object, content: Content) -> Quote | None:
    if quote_id is None:
        return None
    if not isinstance(quote_id, str):
        raise BadRequestError("quote_id is a text")
    return shop.exchange.taken(quote_id, content, now=datetime.now(UTC))


async def _placed(shop: Shop, sender: Sender, order: Order, behaviour: Behaviour, *, is_new: bool) -> Response:
    hooks = shop.told.hooks if is_new else Hooks.NONE
    sending = sender.send(order, order.history, hooks)
    if hooks is Hooks.FIRST and sending:
        await asyncio.wait(sending, timeout=FIRST_SECONDS)
    if behaviour is Behaviour.BOUNCE:
        order = shop.change(order, "failed", "it came back")
        sender.send(order, ("failed",), hooks)
        return JSONResponse(order.shown | {"standing": "pending", "reason": ""}, 201)
    if behaviour is Behaviour.TIME_OUT_AFTER:
        await asyncio.sleep(shop.told.hang_seconds)
    if behaviour in (Behaviour.TIME_OUT_AFTER, Behaviour.ERROR_AFTER):
        return refused(500, "the sandbox was told to fail after")
    if behaviour is Behaviour.HTML:
        return Response("<html><h1>502 Bad Gateway</h1></html>", 502, media_type="text/html")
    if behaviour is Behaviour.PARTIAL:
        return Response(orjson.dumps(order.shown)[:40], 201, media_type="application/json")
    return JSONResponse(order.shown, 201 if is_new else 200)


async def _by_key(shop: Shop, sender: Sender, request: Request) -> Response:
    return _shown(shop.find_by_key(request.path_params["key"]))


async def _by_id(shop: Shop, sender: Sender, request: Request) -> Response:
    return _shown(shop.find(request.path_params["order_id"]))


async def _cancel(shop: Shop, sender: Sender, request: Request) -> Response:
    order = shop.find(request.path_params["order_id"])
    if order is None:
        return _shown(None)
    takes_back = order.standing == "delivered" and shop.told.cancels is not Cancels.KEEP
    standing = "reversed" if takes_back else "cancelled"
    cancelled = shop.change(order, standing, "whoever ordered cancelled it")
    sender.send(cancelled, (standing,), shop.told.hooks)
    if takes_back and shop.told.cancels is Cancels.ERROR_AFTER:
        return refused(500, "the sandbox was told to fail after")
    return _shown(cancelled)


async def _told(shop: Shop, sender: Sender, request: Request) -> Response:
    names = (
        "always",
        "next",
        "webhooks",
        "cancels",
        "hang_seconds",
        "surcharge_minor",
        "kept_minor",
        "says_refunds",
    )
    body = await read_body(request, *names, needed=())
    try:
        always = Behaviour(body.get("always", shop.told.always))
        following = [Behaviour(one) for one in body.get("next", shop.told.following)]
        hooks = Hooks(body.get("webhooks", shop.told.hooks))
        cancels = Cancels(body.get("cancels", shop.told.cancels))
        hang_seconds = float(body.get("hang_seconds", shop.told.hang_seconds))
        surcharge, kept = (int(body.get(name, getattr(shop.told, name))) for name in names[-3:-1])
    except (ValueError, TypeError) as error:
        raise BadRequestError(str(error)) from error
    if len(following) > FOLLOWING_MAX_COUNT or not 0 <= hang_seconds <= HANG_MAX_SECONDS:
        raise BadRequestError(
            f"next has {FOLLOWING_MAX_COUNT} at most, hang_seconds is {HANG_MAX_SECONDS:g} at most"
        )
    if not (0 <= surcharge <= MORE_MAX_MINOR and 0 <= kept <= MORE_MAX_MINOR):
        raise BadRequestError(f"surcharge_minor and kept_minor are 0 to {MORE_MAX_MINOR}")
    says_refunds = body.get("says_refunds", shop.told.says_refunds)
    if not isinstance(says_refunds, bool):
        raise BadRequestError("says_refunds is true or false")
    shop.told.says_refunds = says_refunds
    shop.told.always, shop.told.following = always, deque(following)
    shop.told.surcharge_minor, shop.told.kept_minor = surcharge, kept
    shop.told.hooks, shop.told.cancels, shop.told.hang_seconds = hooks, cancels, hang_seconds
    said = {"always": always, "next": following, "webhooks": hooks, "cancels": cancels}
    more = {
        "hang_seconds": hang_seconds,
        "surcharge_minor": surcharge,
        "kept_minor": kept,
        "says_refunds": says_refunds,
    }
    return JSONResponse({**said, **more})


async def _stocked(shop: Shop, sender: Sender, request: Request) -> Response:
    products = (await read_body(request, "products"))["products"]
    if not isinstance(products, list) or not all(_is_product(one) for one in products):
        raise BadRequestError(f"products is a list; each has {', '.join(sorted(PRODUCTS[0]))}")
    shop.products = products
    return JSONResponse({"products_count": len(products)})


async def _exchanged(shop: Shop, sender: Sender, request: Request) -> Response:
    body, exchange = (
        await read_body(request, "rates", "spread_basis_points", "quote_seconds", needed=()),
        shop.exchange,
    )
    try:
        rates = {str(name): Decimal(units) for name, units in body.get("rates", {}).items()}
        spread = int(body.get("spread_basis_points", exchange.spread_basis_points))
        seconds = float(body.get("quote_seconds", exchange.quote_seconds))
    except (ValueError, TypeError, AttributeError, InvalidOperation) as error:
        raise BadRequestError("rates are texts by currency, the others are numbers") from error
    if len(rates) > RATES_MAX_COUNT or not all(one.is_finite() and one > 0 for one in rates.values()):
        raise BadRequestError(f"rates are {RATES_MAX_COUNT} at most, and above zero")
    if not (0 <= spread <= SPREAD_MAX_BASIS_POINTS and 0 <= seconds <= QUOTE_MAX_SECONDS):
        raise BadRequestError(
            f"spread_basis_points is 0 to {SPREAD_MAX_BASIS_POINTS}, quote_seconds 0 to {QUOTE_MAX_SECONDS:g}"
        )
    exchange.rates = {**exchange.rates, **rates}
    exchange.spread_basis_points, exchange.quote_seconds = spread, seconds
    shown = {name: f"{units:f}" for name, units in exchange.rates.items()}
    return JSONResponse({"rates": shown, "spread_basis_points": spread, "quote_seconds": seconds})


def _is_product(said: object) -> bool:
    return isinstance(said, dict) and {name: type(value) for name, value in said.items()} == _PRODUCT_TYPES


async def _webhooks(shop: Shop, sender: Sender, request: Request) -> Response:
    body = await read_body(request, "url", "secrets")
    url, secrets = body["url"], body["secrets"]
    if (
        not isinstance(url, str)
        or not isinstance(secrets, list)
        or not all(isinstance(one, str) for one in secrets)
    ):
        raise BadRequestError("url is a text, and secrets are a list of texts")
    sender.url, sender.secrets = url, secrets
    return JSONResponse({"url": url, "secrets_count": len(secrets)})


async def _orders(shop: Shop, sender: Sender, request: Request) -> Response:
    shown = [order.shown | {"placed_count": shop.placed.get(order.key, 0)} for order in shop.orders[-1000:]]
    return JSONResponse({"orders": shown, "webhook_answers": sender.answers[-1000:]})


async def _change(shop: Shop, sender: Sender, request: Request) -> Response:
    order = shop.find(request.path_params["order_id"])
    if order is None:
        return _shown(None)
    changed = shop.change(order, request.path_params["standing"], "the sandbox was told so")
    sender.send(changed, (changed.standing,), shop.told.hooks)
    return _shown(changed)


def _shown(order: Order | None) -> Response:
    return refused(404, "there is no such order") if order is None else JSONResponse(order.shown)


def _content(body: dict[str, Any]) -> Content:
    product_id, face_minor, currency = body["product_id"], body["face_minor"], body["currency"]
    if not isinstance(product_id, str) or not isinstance(currency, str):
        raise BadRequestError("product_id and currency are texts")
    if not isinstance(face_minor, int) or isinstance(face_minor, bool):
        raise BadRequestError("face_minor is a whole number")
    return Content(product_id, face_minor, currency)
