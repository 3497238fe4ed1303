"""PayPal Payouts by its documented shapes: an id is taken once, and an item says more than its batch."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

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
from services.rewards.providers.handlers.paypal import PayPal, Token
from tests.local_providers import asking, served

KEY = "7d1a6a52-97c7-5c7c-8c39-0f0d5f1f4b11"
ORDER = PayOrder(KEY, 1_500, "EUR", "Zoë Müller", "zoe@example.org", "1500 points")
BATCH = "JNAJWX4XWB9V2"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WEBHOOK_ID = "1JE4291016473214C"
RIGHT = "signed by PayPal"


@dataclass
class Theirs:
    """A server that answers as PayPal is documented to, or as `instead` says, once each."""

    batches: dict[str, Any] = field(default_factory=dict)
    instead: list[Response] = field(default_factory=list)
    batch_status: str = "SUCCESS"
    status: str = "SUCCESS"
    errors: Any = None
    has_item: bool = True
    tokens_count: int = 0
    asked: list[Any] = field(default_factory=list)
    verified: bytes = b""

    async def token(self, request: Request) -> Response:
        shown = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        if shown != "client:secret" or (await request.body()) != b"grant_type=client_credentials":
            return JSONResponse({"error": "invalid_client"}, 401)
        self.tokens_count += 1
        return JSONResponse({"access_token": f"token-{self.tokens_count}", "expires_in": 32_400})

    async def place(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        self.asked.append(body)
        if request.headers["authorization"] != f"Bearer token-{self.tokens_count}":
            return JSONResponse({"name": "AUTHENTICATION_FAILURE"}, 401)
        batch_id = body["sender_batch_header"]["sender_batch_id"]
        if self.instead:
            answer = self.instead.pop(0)
            if answer.status_code == 500 and answer.body == b"after":
                self.batches.setdefault(batch_id, body["items"][0])
            return answer
        if batch_id in self.batches:
            link = {
                "href": f"https://api-m.paypal.com/v1/payments/payouts/{BATCH}",
                "rel": "self",
                "method": "GET",
            }
            return JSONResponse({"name": "USER_BUSINESS_ERROR", "message": "used before", "links": [link]}, 400)
        self.batches[batch_id] = body["items"][0]
        header = {
            "payout_batch_id": BATCH,
            "batch_status": "PENDING",
            "sender_batch_header": body["sender_batch_header"],
        }
        return JSONResponse({"batch_header": header}, 201)

    async def batch(self, request: Request) -> Response:
        if self.instead:
            return self.instead.pop(0)
        if request.path_params["batch_id"] != BATCH or not self.batches:
            return JSONResponse({"name": "RESOURCE_NOT_FOUND"}, 404)
        (wanted,) = self.batches.values()
        item = {
            "payout_item_id": "C9K5LFQ3E8P7W",
            "transaction_status": self.status,
            "payout_item_fee": {"currency": "EUR", "value": "0.25"},
            "payout_batch_id": BATCH,
            "payout_item": wanted,
        }
        if self.errors is not None:
            item["errors"] = self.errors
        header = {"payout_batch_id": BATCH, "batch_status": self.batch_status}
        return JSONResponse({"batch_header": header, "items": [item] if self.has_item else []})

    async def cancel(self, request: Request) -> Response:
        self.status = "RETURNED"
        return JSONResponse({"payout_item_id": request.path_params["item_id"], "transaction_status": "RETURNED"})

    async def verify(self, request: Request) -> Response:
        self.verified = await request.body()
        body = orjson.loads(self.verified)
        is_right = body["transmission_sig"] == RIGHT and body["webhook_id"] == WEBHOOK_ID
        return JSONResponse({"verification_status": "SUCCESS" if is_right else "FAILURE"})

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/oauth2/token", self.token, methods=["POST"]),
                Route("/v1/payments/payouts", self.place, methods=["POST"]),
                Route("/v1/payments/payouts/{batch_id}", self.batch),
                Route("/v1/payments/payouts-item/{item_id}/cancel", self.cancel, methods=["POST"]),
                Route("/v1/notifications/verify-webhook-signature", self.verify, methods=["POST"]),
            ]
        )


@pytest.fixture
def theirs() -> Theirs:
    return Theirs()


@pytest.fixture
def tokens() -> dict[str, Token]:
    return {}


@pytest.fixture
async def paypal(theirs: Theirs, tokens: dict[str, Token]) -> AsyncIterator[PayPal]:
    def made(caller: Any) -> PayPal:
        shown = {"client_id": "client", "client_secret": "secret", "webhook_id": WEBHOOK_ID}
        return PayPal(caller, **shown, token_of="account|1", tokens=tokens, now=lambda: NOW)

    async with served(theirs.app) as url, asking(url, made) as client:
        yield client


async def test_a_payout_is_a_batch_of_one_item_under_its_id(paypal: PayPal, theirs: Theirs) -> None:
    answer = await paypal.order(ORDER)
    assert (answer.reference, answer.standing, answer.words) == (BATCH, PaidStanding.SENT, "PENDING")
    (asked,) = theirs.asked
    assert asked["sender_batch_header"]["sender_batch_id"] == KEY.replace("-", "")
    (item,) = asked["items"]
    assert item["amount"] == {"value": "15.00", "currency": "EUR"}
    assert (item["receiver"], item["sender_item_id"]) == ("zoe@example.org", KEY)


async def test_asked_for_again_it_is_the_first_batch_by_its_link(paypal: PayPal, theirs: Theirs) -> None:
    await paypal.order(ORDER)
    again = await paypal.order(ORDER)
    assert (again.reference, again.standing) == (BATCH, PaidStanding.PAID)
    assert (again.amount_minor, again.currency, again.fee_minor) == (1_500, "EUR", 25)
    assert len(theirs.batches) == 1


async def test_after_an_error_that_had_paid_the_same_id_finds_it(paypal: PayPal, theirs: Theirs) -> None:
    theirs.instead = [Response(b"after", 500)]
    with pytest.raises(UnknownOutcomeOfOrderError):
        await paypal.order(ORDER)
    assert (await paypal.order(ORDER)).standing is PaidStanding.PAID


async def test_a_batch_that_succeeded_says_nothing_of_its_item(paypal: PayPal, theirs: Theirs) -> None:
    await paypal.order(ORDER)
    theirs.status = "UNCLAIMED"
    theirs.errors = {"name": "RECEIVER_UNREGISTERED", "message": "This receiver is not registered.", "details": []}
    answer = await paypal.query(ORDER, reference=BATCH)
    assert answer is not None
    assert (answer.standing, answer.words, answer.blames_receiver) == (PaidStanding.SENT, "UNCLAIMED", False)
    assert answer.reason.startswith("RECEIVER_UNREGISTERED")
    theirs.status = "RETURNED"
    answer = await paypal.query(ORDER, reference=BATCH)
    assert answer is not None
    assert (answer.standing, answer.blames_receiver) == (PaidStanding.RETURNED, True)
    theirs.has_item = False
    answer = await paypal.query(ORDER, reference=BATCH)
    assert answer is not None
    assert (answer.standing, answer.words) == (PaidStanding.SENT, "SUCCESS")


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        ("PENDING", PaidStanding.SENT),
        ("ONHOLD", PaidStanding.SENT),
        ("SUCCESS", PaidStanding.PAID),
        ("REFUNDED", PaidStanding.RETURNED),
        ("REVERSED", PaidStanding.RETURNED),
        ("FAILED", PaidStanding.FAILED),
        ("BLOCKED", PaidStanding.FAILED),
    ],
)
async def test_each_state_of_an_item_is_one_of_ours(
    paypal: PayPal, theirs: Theirs, status: str, standing: PaidStanding
) -> None:
    await paypal.order(ORDER)
    theirs.status = status
    answer = await paypal.query(ORDER, reference=BATCH)
    assert answer is not None
    assert answer.standing is standing


async def test_a_state_that_nobody_knows_is_no_answer(paypal: PayPal, theirs: Theirs) -> None:
    await paypal.order(ORDER)
    theirs.status = "LEVITATING"
    with pytest.raises(ValueError, match="not known"):
        await paypal.query(ORDER, reference=BATCH)


async def test_somebody_elses_item_under_the_id_is_another_payment(paypal: PayPal, theirs: Theirs) -> None:
    await paypal.order(ORDER)
    theirs.batches[KEY.replace("-", "")]["sender_item_id"] = "other"
    with pytest.raises(OtherOrderError):
        await paypal.order(ORDER)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (JSONResponse({"name": "INSUFFICIENT_FUNDS", "message": "no funds"}, 422), LaterError),
        (JSONResponse({"name": "RATE_LIMIT_REACHED"}, 429), LaterError),
        (JSONResponse({"name": "NOT_AUTHORIZED"}, 403), LaterError),
        (JSONResponse({"name": "VALIDATION_ERROR", "message": "wrong"}, 400), RefusedError),
        (JSONResponse({"name": "RECEIVER_UNCONFIRMED", "message": "wrong"}, 422), RefusedReceiverError),
        (JSONResponse({"name": "USER_BUSINESS_ERROR", "message": "used"}, 400), UnknownOutcomeOfOrderError),
        (JSONResponse({"name": "INTERNAL_SERVER_ERROR"}, 500), UnknownOutcomeOfOrderError),
        (Response("<html>", 201), UnknownOutcomeOfOrderError),
    ],
)
async def test_each_error_is_what_it_is(
    paypal: PayPal, theirs: Theirs, answer: Response, error: type[Exception]
) -> None:
    theirs.instead = [answer]
    with pytest.raises(error):
        await paypal.order(ORDER)


async def test_without_its_number_paypal_finds_no_batch_and_one_that_is_gone_is_none(paypal: PayPal) -> None:
    assert await paypal.query(ORDER, reference=None) is None
    assert await paypal.query(ORDER, reference="GONE") is None
    assert paypal.key_stands == timedelta(days=29)


async def test_a_token_is_kept_and_one_that_is_refused_is_asked_for_again(
    paypal: PayPal, theirs: Theirs, tokens: dict[str, Token]
) -> None:
    await paypal.order(ORDER)
    await paypal.query(ORDER, reference=BATCH)
    assert theirs.tokens_count == 1
    tokens["account|1"] = Token("ended there", NOW + timedelta(hours=1))
    with pytest.raises(LaterError):
        await paypal.order(ORDER)
    await paypal.order(ORDER)
    assert theirs.tokens_count == 2
    assert "token-2" not in repr(tokens)


async def test_only_what_nobody_claimed_is_taken_back(paypal: PayPal, theirs: Theirs) -> None:
    await paypal.order(ORDER)
    assert (await paypal.cancel(ORDER, reference=BATCH)).standing is PaidStanding.PAID
    theirs.status = "UNCLAIMED"
    assert (await paypal.cancel(ORDER, reference=BATCH)).standing is PaidStanding.RETURNED


def webhook(body: bytes, *, signature: str = RIGHT, at: datetime = NOW) -> Webhook:
    headers = {
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT",
        "paypal-transmission-id": "69cd13f0-d67a-11e5-baa3-778b53f4ae55",
        "paypal-transmission-sig": signature,
        "paypal-transmission-time": at.isoformat(),
    }
    return Webhook(headers, body)


#: The slash as PayPal may write it: written anew it would be other bytes.
BODY = (
    b'{"id": "WH-1", "event_type": "PAYMENT.PAYOUTS-ITEM.UNCLAIMED", "summary": "a\\/b", '
    b'"resource": {"payout_batch_id": "JNAJWX4XWB9V2"}}'
)


async def test_a_webhook_is_checked_by_paypal_over_the_bytes_as_they_came(paypal: PayPal, theirs: Theirs) -> None:
    assert await paypal.read_webhook(webhook(BODY), now=NOW) == Hint("WH-1", BATCH)
    assert BODY in theirs.verified
    other = BODY.replace(b"PAYMENT.PAYOUTS-ITEM.UNCLAIMED", b"CUSTOMER.CREATED")
    assert await paypal.read_webhook(webhook(other), now=NOW) is None
    of_batch = b'{"id": "WH-2", "event_type": "PAYMENT.PAYOUTSBATCH.SUCCESS", "resource": {"batch_header": %s}}'
    found = await paypal.read_webhook(webhook(of_batch % b'{"payout_batch_id": "JNAJWX4XWB9V2"}'), now=NOW)
    assert found == Hint("WH-2", BATCH)


async def test_a_forged_or_stale_webhook_is_refused(paypal: PayPal) -> None:
    with pytest.raises(ForgedError):
        await paypal.read_webhook(webhook(BODY, signature="by somebody else"), now=NOW)
    with pytest.raises(ForgedError):
        await paypal.read_webhook(Webhook({}, BODY), now=NOW)
    for seconds in (-600, 600):
        with pytest.raises(StaleError):
            await paypal.read_webhook(webhook(BODY, at=NOW + timedelta(seconds=seconds)), now=NOW)
