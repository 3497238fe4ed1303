"""Wise: a recipient, a quote, a transfer under the payout's id, and its money from the balance there."""

import base64
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from services.rewards.providers.domain.amounts import minor_of, written
from services.rewards.providers.domain.contract import (
    ForgedError,
    Hint,
    LaterError,
    RefusedError,
    UnknownOutcomeOfOrderError,
    Webhook,
)
from services.rewards.providers.domain.paying import (
    NotQuotedError,
    PaidAnswer,
    PaidStanding,
    PayOrder,
    PayQuote,
    RefusedReceiverError,
    standing_of,
)
from services.rewards.providers.handlers.calls import Caller, HttpAnswer, asked, told
from services.rewards.providers.handlers.reading import NOT_FOUND, field_of, read_asked, read_told

_WAITING: Final = "incoming_payment_waiting"
_STANDINGS: Final = {
    _WAITING: PaidStanding.SENT,
    "incoming_payment_initiated": PaidStanding.SENT,
    "processing": PaidStanding.SENT,
    "funds_converted": PaidStanding.SENT,
    "outgoing_payment_sent": PaidStanding.PAID,
    # It is on its way back, or on its way again: neither is sure before it is sent, or refunded.
    "bounced_back": PaidStanding.SENT,
    "unknown": PaidStanding.SENT,
    "funds_refunded": PaidStanding.RETURNED,
    "charged_back": PaidStanding.RETURNED,
    "cancelled": PaidStanding.FAILED,
}
_NO_FUNDS: Final = "balance.payment-option-unavailable"


class Wise:
    """An account at Wise: the balance in the payout's currency pays, so nothing is converted."""

    #: It takes the transaction's id for the same transfer whenever it comes again.
    key_stands: timedelta | None = None

    def __init__(self, caller: Caller, *, api_key: str, profile_id: str, webhook_public_key: str) -> None:
        self._caller = caller
        self._headers = [("authorization", f"Bearer {api_key}")]
        self._profile_id: int | str = int(profile_id) if profile_id.isdecimal() else profile_id
        self._public_key = webhook_public_key

    async def quote(self, amount_minor: int, currency: str) -> PayQuote:
        """A quote without a recipient, by which nothing is paid: what the balance in the currency would give."""
        body = await self._made(
            f"/v3/profiles/{self._profile_id}/quotes",
            {
                "sourceCurrency": currency,
                "targetCurrency": currency,
                "targetAmount": written(amount_minor, currency),
                "payOut": "BANK_TRANSFER",
            },
        )
        option = next(
            (
                one
                for one in body["paymentOptions"]
                if one["payIn"] == "BALANCE" and one["payOut"] == "BANK_TRANSFER" and not one["disabled"]
            ),
            None,
        )
        if option is None:
            raise NotQuotedError("it quotes no payment from the balance in this currency", is_for_good=False)
        source, target = str(option["sourceCurrency"]), str(option["targetCurrency"])
        rate = Decimal(str(body["rate"]))
        return PayQuote(
            gets_minor=minor_of(option["targetAmount"], target),
            leaves_minor=minor_of(option["sourceAmount"], source),
            leaves_currency=source,
            fee_minor=minor_of(option["fee"]["total"], source),
            rate=None if source == target else f"{rate:f}",
            expires_at=datetime.fromisoformat(body["expirationTime"]),
        )

    async def order(self, order: PayOrder) -> PaidAnswer:
        """Make the transfer, or find the one that was made, and give it its money where it has none yet."""
        recipient = await self._made(
            "/v1/accounts",
            {
                "profile": self._profile_id,
                "currency": order.currency,
                "type": "email",
                "accountHolderName": order.name,
                "details": {"email": order.address},
            },
        )
        quote = await self._made(
            f"/v3/profiles/{self._profile_id}/quotes",
            {
                "sourceCurrency": order.currency,
                "targetCurrency": order.currency,
                "targetAmount": written(order.amount_minor, order.currency),
                "targetAccount": recipient["id"],
                "payOut": "BANK_TRANSFER",
            },
        )
        content = {
            "targetAccount": recipient["id"],
            "quoteUuid": quote["id"],
            "customerTransactionId": order.key,
            "details": {"reference": order.text[:10]},
        }
        answer = await told(self._caller, "POST", "/v1/transfers", headers=self._headers, content=content)
        if not answer.is_good:
            raise _why_refused(answer)
        transfer = read_told(answer)
        if transfer["status"] == _WAITING:
            return await self._funded(transfer)
        return _transfer(transfer)

    async def _made(self, path: str, content: dict[str, Any]) -> Any:
        """Make what pays nothing by itself: once more does no harm. Raises LaterError."""
        try:
            answer = await told(self._caller, "POST", path, headers=self._headers, content=content)
        except UnknownOutcomeOfOrderError as error:
            raise LaterError(error.reason) from error
        if not answer.is_good:
            raise _why_refused(answer)
        return read_asked(answer)

    async def _funded(self, transfer: Any) -> PaidAnswer:
        """Give a transfer its money. One that has it already is not given it twice: it waits no more."""
        reference = str(transfer["id"])
        path = f"/v3/profiles/{self._profile_id}/transfers/{reference}/payments"
        answer = await told(self._caller, "POST", path, headers=self._headers, content={"type": "BALANCE"})
        code = field_of(answer, "errorCode")
        if answer.is_good and field_of(answer, "status") != "REJECTED":
            found = await self._by_id(reference)
            if found is None:
                raise UnknownOutcomeOfOrderError("it does not show the transfer")
            return found
        if code == _NO_FUNDS or not code:
            raise LaterError(f"the transfer waits for its money: {code or answer.status}")
        raise LaterError(f"the transfer has no money yet: {code}")

    async def query(self, order: PayOrder, *, reference: str | None) -> PaidAnswer | None:
        """Ask by the transfer's id; one without its money is given it when it is ordered again."""
        if reference is None:
            return None
        return await self._by_id(reference)

    async def _by_id(self, reference: str) -> PaidAnswer | None:
        answer = await asked(self._caller, "GET", f"/v1/transfers/{reference}", headers=self._headers)
        return None if answer.status == NOT_FOUND else _transfer(read_asked(answer))

    async def cancel(self, order: PayOrder, *, reference: str) -> PaidAnswer:
        """Cancel a transfer that has no money yet; how any other stands is the answer."""
        path = f"/v1/transfers/{reference}/cancel"
        await told(self._caller, "PUT", path, headers=self._headers, content={})
        found = await self._by_id(reference)
        if found is None:
            raise UnknownOutcomeOfOrderError("it does not show the transfer")
        return found

    async def read_webhook(self, webhook: Webhook, *, now: datetime) -> Hint | None:
        """Wise signs the bytes with its key; it says nothing of when, so one that comes late only asks again."""
        try:
            key = load_pem_public_key(self._public_key.encode())
            signature = base64.b64decode(webhook.headers.get("x-signature-sha256", ""), validate=True)
            if not isinstance(key, RSAPublicKey):
                raise ForgedError("the account's public key is none of RSA")
            key.verify(signature, webhook.body, PKCS1v15(), SHA256())
        except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
            raise ForgedError("Wise's key did not sign it") from error
        if webhook.headers.get("x-test-notification") == "true":
            return None
        body = orjson.loads(webhook.body)
        if body["event_type"] != "transfers#state-change":
            return None
        return Hint(webhook.headers["x-delivery-id"], str(body["data"]["resource"]["id"]))


def _transfer(body: Any) -> PaidAnswer:
    words, currency = str(body["status"]), str(body["targetCurrency"])
    standing = standing_of(words, _STANDINGS)
    # A transfer that was cancelled shows no source any more; what it was to pay it still says.
    return PaidAnswer(
        reference=str(body["id"]),
        standing=standing,
        words=words,
        reason="it has issues at Wise" if body.get("hasActiveIssues") else "",
        amount_minor=minor_of(Decimal(str(body["targetValue"])), currency),
        currency=currency,
        blames_receiver=words == "funds_refunded",
    )


def _why_refused(answer: HttpAnswer) -> Exception:
    code = field_of(answer, "errors", 0, "code") or field_of(answer, "errors", 0, "message")
    reason = code or f"it answered {answer.status}"
    if field_of(answer, "errors", 0, "path").startswith(("details", "accountHolderName")):
        return RefusedReceiverError(reason)
    return RefusedError(reason)
