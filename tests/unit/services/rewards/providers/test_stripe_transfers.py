"""Stripe's transfers by their documented shapes: one under a key, found by its group, and reversed."""

import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.rewards.providers.domain.contract import (
    ForgedError,
    Hint,
    LaterError,
    OtherOrderError,
    RefusedError,
    StaleError,
    UnknownOutcomeOfOrderError,
    Webhook,
)
from services.rewards.providers.domain.paying import PaidStanding, PayOrder, RefusedReceiverError
from services.rewards.providers.handlers.stripe import Stripe
from tests.local_providers import asking, served

KEY = "7d1a6a52-97c7-5c7c-8c39-0f0d5f1f4b11"
ORDER = PayOrder(KEY, 1_100, "USD", "Zoë Müller", "acct_1PgafTB7WZ01zgkW", "1100 points")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "whsec_of_a_test"


@dataclass
class Theirs:
    """A server that answers as Stripe is documented to, or as `instead` says, once each."""

    transfers: list[Any] = field(default_factory=list)
    by_key: dict[str, Any] = field(default_factory=dict)
    instead: list[Response] = field(default_factory=list)

    async def place(self, request: Request) -> Response:
        form = {name: value for name, (value,) in parse_qs((await request.body()).decode()).items()}
        if self.instead and self.instead[0].body != b"after":
            return self.instead.pop(0)
        key = request.headers["idempotency-key"]
        known = self.by_key.get(key)
        if known is not None and known[0] != form:
            error = {"type": "idempotency_error", "message": "Keys can only be used with the same parameters"}
            return JSONResponse({"error": error}, 400)
        if known is None:
            made = {
                "id": f"tr_1Pgc7BB7WZ01zgkWVJfE40R{len(self.transfers)}",
                "object": "transfer",
                "amount": int(form["amount"]),
                "amount_reversed": 0,
                "currency": form["currency"],
                "destination": form["destination"],
                "reversed": False,
                "transfer_group": form["transfer_group"],
            }
            self.transfers.append(made)
            self.by_key[key] = known = (form, made)
        return self.instead.pop(0) if self.instead else JSONResponse(known[1])

    async def listed(self, request: Request) -> Response:
        group = request.query_params["transfer_group"]
        found = [one for one in self.transfers if one["transfer_group"] == group]
        return JSONResponse({"object": "list", "data": found, "has_more": False})

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/transfers", self.place, methods=["POST"]),
                Route("/v1/transfers", self.listed, methods=["GET"]),
            ]
        )


@pytest.fixture
def theirs() -> Theirs:
    return Theirs()


@pytest.fixture
async def stripe(theirs: Theirs) -> AsyncIterator[Stripe]:
    def made(caller: Any) -> Stripe:
        return Stripe(caller, api_key="sk_test", webhook_secrets=[SECRET])

    async with served(theirs.app) as url, asking(url, made) as client:
        yield client


async def test_a_payout_is_one_transfer_which_its_group_finds(stripe: Stripe, theirs: Theirs) -> None:
    assert await stripe.query(ORDER, reference=None) is None
    for _ in range(2):
        answer = await stripe.order(ORDER)
        assert (answer.standing, answer.words) == (PaidStanding.PAID, "transferred")
        assert (answer.amount_minor, answer.currency) == (1_100, "USD")
    assert len(theirs.transfers) == 1
    assert await stripe.query(ORDER, reference=None) == answer
    assert await stripe.cancel(ORDER, reference=answer.reference) == answer


async def test_after_an_error_that_had_paid_its_group_finds_it(stripe: Stripe, theirs: Theirs) -> None:
    theirs.instead = [Response(b"after", 500)]
    with pytest.raises(UnknownOutcomeOfOrderError):
        await stripe.order(ORDER)
    assert (await stripe.query(ORDER, reference=None)) is not None
    assert len(theirs.transfers) == 1


async def test_what_is_reversed_came_back_and_a_part_of_it_is_told(stripe: Stripe, theirs: Theirs) -> None:
    await stripe.order(ORDER)
    theirs.transfers[0]["amount_reversed"] = 100
    answer = await stripe.query(ORDER, reference=None)
    assert answer is not None
    assert (answer.standing, answer.words) == (PaidStanding.PAID, "reversed in part")
    assert answer.reason == "100 of 1100 came back"
    theirs.transfers[0] |= {"amount_reversed": 1_100, "reversed": True}
    answer = await stripe.query(ORDER, reference=None)
    assert answer is not None
    assert (answer.standing, answer.words) == (PaidStanding.RETURNED, "reversed")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": {"code": "balance_insufficient", "type": "invalid_request_error"}}, LaterError),
        (429, {"error": {"type": "rate_limit_error"}}, LaterError),
        (401, {"error": {"type": "invalid_request_error"}}, LaterError),
        (409, {"error": {"code": "lock_timeout"}}, UnknownOutcomeOfOrderError),
        (400, {"error": {"type": "idempotency_error"}}, OtherOrderError),
        (400, {"error": {"code": "account_invalid", "param": "destination"}}, RefusedReceiverError),
        (400, {"error": {"code": "amount_too_small", "param": "amount"}}, RefusedError),
        (500, {"error": {"type": "api_error"}}, UnknownOutcomeOfOrderError),
    ],
)
async def test_each_error_of_stripe_is_what_it_is(
    stripe: Stripe, theirs: Theirs, status: int, body: Any, error: type[Exception]
) -> None:
    theirs.instead = [JSONResponse(body, status)]
    with pytest.raises(error):
        await stripe.order(ORDER)


async def test_two_transfers_of_one_group_are_somebodys_to_look_at(stripe: Stripe, theirs: Theirs) -> None:
    await stripe.order(ORDER)
    theirs.transfers.append(theirs.transfers[0] | {"id": "tr_other"})
    with pytest.raises(OtherOrderError):
        await stripe.query(ORDER, reference=None)


async def test_amounts_of_iceland_are_written_in_hundredths(stripe: Stripe, theirs: Theirs) -> None:
    answer = await stripe.order(ORDER._replace(currency="ISK"))
    assert (theirs.transfers[0]["amount"], answer.amount_minor) == (110_000, 1_100)
    answer = await stripe.order(ORDER._replace(key="jpy", currency="JPY"))
    assert (theirs.transfers[1]["amount"], answer.amount_minor) == (1_100, 1_100)


def webhook(body: bytes, *, secret: str = SECRET, at: datetime = NOW) -> Webhook:
    stamp = int(at.timestamp())
    signature = hmac.digest(secret.encode(), f"{stamp}.".encode() + body, "sha256").hex()
    return Webhook({"stripe-signature": f"t={stamp},v1=00,v1={signature},v0=11"}, body)


BODY = orjson.dumps({"id": "evt_1", "type": "transfer.reversed", "data": {"object": {"id": "tr_1"}}})


async def test_a_webhook_of_stripe_is_signed_with_its_time(stripe: Stripe) -> None:
    assert await stripe.read_webhook(webhook(BODY), now=NOW) == Hint("evt_1", "tr_1")
    assert await stripe.read_webhook(webhook(BODY.replace(b"transfer.", b"charge.")), now=NOW) is None
    for forged in (webhook(BODY, secret="other"), Webhook({}, BODY), Webhook({"stripe-signature": "t=1"}, BODY)):
        with pytest.raises(ForgedError):
            await stripe.read_webhook(forged, now=NOW)
    with pytest.raises(StaleError):
        await stripe.read_webhook(webhook(BODY, at=datetime(2026, 3, 1, 11, tzinfo=UTC)), now=NOW)
