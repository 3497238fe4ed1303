"""The routes of the sandbox provider for payouts; they behave as it was told, as those for orders do."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from plaudit.sandbox_provider.hooks import Sender
from plaudit.sandbox_provider.orders import Behaviour, Hooks, Shop
from plaudit.sandbox_provider.payouts import FEE_MINOR, Paid
from plaudit.sandbox_provider.refusing import FullError, OtherContentError
from plaudit.sandbox_provider.requests import FIRST_SECONDS, BadRequestError, key_of, read_body, refused, undone

TEXT_MAX_CHARS: Final = 254
#: What a payout is once it is asked for, for behaviours that take it.
_TAKEN: Final = {
    Behaviour.PENDING: ("pending", ""),
    Behaviour.UNCLAIMED: ("unclaimed", "the receiver has no account yet"),
    Behaviour.BOUNCE: ("pending", ""),
    Behaviour.FAIL: ("failed", "the sandbox was told to fail"),
}


async def pay(shop: Shop, sender: Sender, request: Request) -> Response:
    """Pay under a key, or do what it was told to do wrong."""
    names = ("key", "amount_minor", "currency", "receiver", "name")
    body = await read_body(request, *names)
    key, amount = key_of(body), body["amount_minor"]
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
        raise BadRequestError("amount_minor is a whole number above zero")
    if not all(isinstance(body[name], str) and 0 < len(body[name]) <= TEXT_MAX_CHARS for name in names[2:]):
        raise BadRequestError(f"currency, receiver and name are texts of 1 to {TEXT_MAX_CHARS} characters")
    # A key that is there is answered as it stands: what goes wrong, goes wrong with new payouts.
    is_known = shop.till.find_by_key(key) is not None
    behaviour = Behaviour.DELIVER if is_known else shop.told.next()
    answer = await undone(shop, behaviour)
    if answer is not None:
        return answer
    standing, reason = _TAKEN.get(behaviour, ("paid", ""))
    wanted = Paid(str(uuid4()), key, amount, body["currency"], body["receiver"], standing, reason, (standing,))
    if behaviour is Behaviour.DUPLICATE:
        shop.till.put_other(wanted)
    try:
        paid, is_new = shop.till.pay(wanted)
    except OtherContentError:
        return refused(409, "the key has a payout with other content")
    except FullError:
        return refused(503, "the sandbox has as many payouts as it keeps")
    return await _answered(shop, sender, paid, behaviour, is_new=is_new)


async def quote(shop: Shop, sender: Sender, request: Request) -> Response:
    """What a payout would cost, for as long as it was told that quotes hold."""
    body = await read_body(request, "amount_minor", "currency")
    amount, currency = body["amount_minor"], body["currency"]
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
        raise BadRequestError("amount_minor is a whole number above zero")
    if not isinstance(currency, str) or not 0 < len(currency) <= TEXT_MAX_CHARS:
        raise BadRequestError(f"currency is a text of 1 to {TEXT_MAX_CHARS} characters")
    expires_at = datetime.now(UTC) + timedelta(seconds=shop.exchange.quote_seconds)
    shown = {"amount_minor": amount, "currency": currency, "fee_minor": FEE_MINOR}
    return JSONResponse(shown | {"expires_at": expires_at.isoformat()})


async def _answered(shop: Shop, sender: Sender, paid: Paid, behaviour: Behaviour, *, is_new: bool) -> Response:
    hooks = shop.told.hooks if is_new else Hooks.NONE
    sending = sender.send(paid, paid.history, hooks)
    if hooks is Hooks.FIRST and sending:
        await asyncio.wait(sending, timeout=FIRST_SECONDS)
    if behaviour is Behaviour.BOUNCE:
        back = shop.till.change(paid, "failed", "it came back: the receiver refused it")
        sender.send(back, ("failed",), hooks)
        return JSONResponse(paid.shown, 201)
    if behaviour is Behaviour.TIME_OUT_AFTER:
        await asyncio.sleep(shop.told.hang_seconds)
    if behaviour in (Behaviour.TIME_OUT_AFTER, Behaviour.ERROR_AFTER):
        return refused(500, "the sandbox was told to fail after")
    if behaviour is Behaviour.HTML:
        return Response("<html><h1>502 Bad Gateway</h1></html>", 502, media_type="text/html")
    if behaviour is Behaviour.PARTIAL:
        return Response(orjson.dumps(paid.shown)[:40], 201, media_type="application/json")
    return JSONResponse(paid.shown, 201 if is_new else 200)


async def by_key(shop: Shop, sender: Sender, request: Request) -> Response:
    """How a payout stands, by the key of whoever asked for it."""
    return _shown(shop.till.find_by_key(request.path_params["key"]))


async def cancel(shop: Shop, sender: Sender, request: Request) -> Response:
    """Take back what is pending or unclaimed."""
    paid = shop.till.find(request.path_params["payout_id"])
    if paid is None:
        return _shown(None)
    cancelled = shop.till.change(paid, "cancelled", "whoever asked for it cancelled it")
    sender.send(cancelled, ("cancelled",), shop.told.hooks)
    return _shown(cancelled)


async def payouts(shop: Shop, sender: Sender, request: Request) -> Response:
    """All payouts, with how often each was asked for."""
    shown: list[dict[str, Any]] = [
        paid.shown | {"asked_count": shop.till.asked.get(paid.key, 0)} for paid in shop.till.payouts[-1000:]
    ]
    return JSONResponse({"payouts": shown, "webhook_answers": sender.answers[-1000:]})


async def change(shop: Shop, sender: Sender, request: Request) -> Response:
    """Have a payout stand otherwise: its provider was told so."""
    paid = shop.till.find(request.path_params["payout_id"])
    if paid is None:
        return _shown(None)
    changed = shop.till.change(paid, request.path_params["standing"], "the sandbox was told so")
    sender.send(changed, (changed.standing,), shop.told.hooks)
    return _shown(changed)


def _shown(paid: Paid | None) -> Response:
    return refused(404, "there is no such payout") if paid is None else JSONResponse(paid.shown)
