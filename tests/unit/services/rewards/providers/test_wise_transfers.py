"""Wise by its documented shapes: one transfer an id, money given once, and states that move back."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.rewards.providers.domain.contract import (
    ForgedError,
    Hint,
    LaterError,
    UnknownOutcomeOfOrderError,
    Webhook,
)
from services.rewards.providers.domain.paying import (
    NotQuotedError,
    PaidStanding,
    PayOrder,
    RefusedReceiverError,
)
from services.rewards.providers.handlers.wise import Wise
from tests.local_providers import asking, served

KEY = "7d1a6a52-97c7-5c7c-8c39-0f0d5f1f4b11"
ORDER = PayOrder(KEY, 1_550, "EUR", "Zoë Müller", "zoe@example.org", "1550 points")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _option(pay_in: str, *, source: float, fee: float) -> dict[str, Any]:
    return {
        "disabled": False,
        "payIn": pay_in,
        "payOut": "BANK_TRANSFER",
        "sourceAmount": source,
        "targetAmount": 15.5,
        "sourceCurrency": "EUR",
        "targetCurrency": "EUR",
        "fee": {"transferwise": fee, "payIn": 0.0, "discount": 0, "partner": 0.0, "total": fee},
    }


@dataclass
class Theirs:
    """A server that answers as Wise is documented to, or as `instead` says, by path, once each."""

    transfers: dict[str, Any] = field(default_factory=dict)
    instead: dict[str, list[Response]] = field(default_factory=dict)
    funded: list[int] = field(default_factory=list)
    quotes: list[Any] = field(default_factory=list)
    option: dict[str, Any] = field(default_factory=dict)

    def _instead(self, name: str) -> Response | None:
        left = self.instead.get(name)
        return left.pop(0) if left else None

    async def recipient(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        assert (body["profile"], body["type"]) == (222, "email")
        return self._instead("recipient") or JSONResponse({"id": 7_993_919})

    async def quote(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        self.quotes.append(body)
        made = {
            "id": f"8fa9be20-ba43-4b15-abbb-9424e148105{len(self.quotes)}",
            "rate": 1.0,
            "expirationTime": "2026-03-01T12:30:00Z",
            "paymentOptions": [
                _option("BANK_TRANSFER", source=16.8, fee=1.3),
                _option("BALANCE", source=16.07, fee=0.57) | self.option,
            ],
        }
        return self._instead("quote") or JSONResponse(made)

    async def transfer(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        answer = self._instead("transfer")
        if answer is not None and answer.body != b"after":
            return answer
        quote = self.quotes[-1]
        made = self.transfers.setdefault(
            body["customerTransactionId"],
            {
                "id": 15_574_445 + len(self.transfers),
                "targetAccount": body["targetAccount"],
                "status": "incoming_payment_waiting",
                "created": "2026-03-01 15:25:51",
                "hasActiveIssues": False,
                "targetValue": quote["targetAmount"],
                "targetCurrency": quote["targetCurrency"],
                "customerTransactionId": body["customerTransactionId"],
            },
        )
        return answer or JSONResponse(made)

    async def fund(self, request: Request) -> Response:
        number = int(request.path_params["transfer_id"])
        answer = self._instead("fund")
        if answer is not None and answer.body != b"after":
            return answer
        self.funded.append(number)
        self.found(number)["status"] = "processing"
        return answer or JSONResponse({"type": "BALANCE", "status": "COMPLETED", "errorCode": None}, 201)

    async def one(self, request: Request) -> Response:
        made = self.found(int(request.path_params["transfer_id"]))
        return JSONResponse(made) if made else JSONResponse({}, 404)

    async def cancel(self, request: Request) -> Response:
        made = self.found(int(request.path_params["transfer_id"]))
        if made["status"] != "incoming_payment_waiting":
            return JSONResponse({"errors": [{"code": "transfer.not.cancellable"}]}, 409)
        made["status"] = "cancelled"
        return JSONResponse(made)

    def found(self, number: int) -> Any:
        return next((made for made in self.transfers.values() if made["id"] == number), {})

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/accounts", self.recipient, methods=["POST"]),
                Route("/v3/profiles/222/quotes", self.quote, methods=["POST"]),
                Route("/v1/transfers", self.transfer, methods=["POST"]),
                Route("/v3/profiles/222/transfers/{transfer_id}/payments", self.fund, methods=["POST"]),
                Route("/v1/transfers/{transfer_id}", self.one),
                Route("/v1/transfers/{transfer_id}/cancel", self.cancel, methods=["PUT"]),
            ]
        )


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture
def theirs() -> Theirs:
    return Theirs()


@pytest.fixture
async def wise(theirs: Theirs, key: RSAPrivateKey) -> AsyncIterator[Wise]:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def made(caller: Any) -> Wise:
        return Wise(caller, api_key="token", profile_id="222", webhook_public_key=pem)

    async with served(theirs.app) as url, asking(url, made) as client:
        yield client


async def test_a_payout_is_one_transfer_that_is_given_its_money_once(wise: Wise, theirs: Theirs) -> None:
    for _ in range(3):
        answer = await wise.order(ORDER)
        assert (answer.reference, answer.standing, answer.words) == ("15574445", PaidStanding.SENT, "processing")
        assert (answer.amount_minor, answer.currency) == (1_550, "EUR")
    assert list(theirs.transfers) == [KEY]
    assert theirs.funded == [15_574_445]
    assert theirs.quotes[0]["targetAmount"] == 15.5


async def test_a_quote_is_what_the_balance_would_give_and_orders_nothing(wise: Wise, theirs: Theirs) -> None:
    quote = await wise.quote(1_550, "EUR")
    assert (quote.gets_minor, quote.leaves_minor, quote.leaves_currency, quote.fee_minor) == (
        1_550,
        1_607,
        "EUR",
        57,
    )
    assert quote.rate is None
    assert quote.expires_at == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert "targetAccount" not in theirs.quotes[0]
    assert (theirs.transfers, theirs.funded) == ({}, [])
    theirs.option = {"disabled": True}
    with pytest.raises(NotQuotedError):
        await wise.quote(1_550, "EUR")
    theirs.instead["quote"] = [Response("busy", 503)]
    with pytest.raises(LaterError):
        await wise.quote(1_550, "EUR")


@pytest.mark.parametrize("step", ["transfer", "fund"])
async def test_after_an_error_that_had_done_it_nothing_is_done_twice(
    wise: Wise, theirs: Theirs, step: str
) -> None:
    theirs.instead = {step: [Response(b"after", 500)]}
    with pytest.raises(UnknownOutcomeOfOrderError):
        await wise.order(ORDER)
    assert (await wise.order(ORDER)).standing is PaidStanding.SENT
    assert (len(theirs.transfers), theirs.funded) == (1, [15_574_445])


async def test_without_money_the_transfer_waits_and_is_given_it_later(wise: Wise, theirs: Theirs) -> None:
    rejected = {"type": "BALANCE", "status": "REJECTED", "errorCode": "balance.payment-option-unavailable"}
    theirs.instead = {"fund": [JSONResponse(rejected, 201)]}
    with pytest.raises(LaterError):
        await wise.order(ORDER)
    assert theirs.funded == []
    await wise.order(ORDER)
    assert theirs.funded == [15_574_445]


async def test_states_move_back_and_each_is_one_of_ours(wise: Wise, theirs: Theirs) -> None:
    await wise.order(ORDER)
    seen = []
    for status in ("funds_converted", "outgoing_payment_sent", "bounced_back", "funds_refunded", "charged_back"):
        theirs.transfers[KEY]["status"] = status
        answer = await wise.query(ORDER, reference="15574445")
        assert answer is not None
        seen.append((answer.words, answer.standing))
    assert seen == [
        ("funds_converted", PaidStanding.SENT),
        ("outgoing_payment_sent", PaidStanding.PAID),
        ("bounced_back", PaidStanding.SENT),
        ("funds_refunded", PaidStanding.RETURNED),
        ("charged_back", PaidStanding.RETURNED),
    ]
    assert await wise.query(ORDER, reference=None) is None
    assert await wise.query(ORDER, reference="1") is None


async def test_a_transfer_without_money_is_cancelled_and_no_other(wise: Wise, theirs: Theirs) -> None:
    await wise.order(ORDER)
    assert (await wise.cancel(ORDER, reference="15574445")).standing is PaidStanding.SENT
    theirs.transfers[KEY]["status"] = "incoming_payment_waiting"
    assert (await wise.cancel(ORDER, reference="15574445")).standing is PaidStanding.FAILED


async def test_an_address_that_wise_refuses_is_the_receivers(wise: Wise, theirs: Theirs) -> None:
    wrong = {"errors": [{"code": "NOT_VALID", "message": "invalid", "path": "details.email"}]}
    theirs.instead = {"recipient": [JSONResponse(wrong, 422)]}
    with pytest.raises(RefusedReceiverError):
        await wise.order(ORDER)


def webhook(key: RSAPrivateKey, body: bytes, **more: str) -> Webhook:
    signature = base64.b64encode(key.sign(body, PKCS1v15(), SHA256())).decode()
    return Webhook({"x-signature-sha256": signature, "x-delivery-id": "delivery-1", **more}, body)


BODY = orjson.dumps(
    {
        "data": {
            "resource": {"type": "transfer", "id": 15_574_445, "profile_id": 222, "account_id": 333},
            "current_state": "processing",
            "previous_state": "incoming_payment_waiting",
            "occurred_at": "2026-03-01T12:00:00Z",
        },
        "event_type": "transfers#state-change",
        "schema_version": "2.0.0",
        "sent_at": "2026-03-01T12:00:00Z",
    }
)


async def test_a_webhook_is_taken_by_its_key_alone(wise: Wise, key: RSAPrivateKey) -> None:
    assert await wise.read_webhook(webhook(key, BODY), now=NOW) == Hint("delivery-1", "15574445")
    tested = webhook(key, BODY, **{"x-test-notification": "true"})
    assert await wise.read_webhook(tested, now=NOW) is None
    other = BODY.replace(b"transfers#state-change", b"balances#credit")
    assert await wise.read_webhook(webhook(key, other), now=NOW) is None
    good = webhook(key, BODY)
    for forged in (Webhook(good.headers, BODY + b" "), Webhook({}, BODY)):
        with pytest.raises(ForgedError):
            await wise.read_webhook(forged, now=NOW)
