"""Stripe Connect: transfers from the platform's balance to a connected account."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import orjson

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
from services.rewards.providers.domain.paying import (
    NotQuotedError,
    PaidAnswer,
    PaidStanding,
    PayOrder,
    PayQuote,
    RefusedReceiverError,
)
from services.rewards.providers.domain.signing import TOLERANCE_SECONDS
from services.rewards.providers.handlers.calls import Caller, HttpAnswer, asked, told
from services.rewards.providers.handlers.reading import field_of, read_asked, read_told
from shared.currencies import exponent

#: Amounts that Stripe writes otherwise than ISO 4217: in hundredths, though there are none.
_IN_HUNDREDTHS: Final = {"ISK", "UGX"}
_NO_FUNDS: Final = "balance_insufficient"
_OTHER_PARAMETERS: Final = "idempotency_error"


class Stripe:
    """An account at Stripe; a connected account of it has what is transferred at once."""

    #: It finds a transfer by its group, which is the key.
    key_stands: timedelta | None = None

    def __init__(self, caller: Caller, *, api_key: str, webhook_secrets: Sequence[str]) -> None:
        self._caller = caller
        self._headers = [("authorization", f"Bearer {api_key}")]
        self._secrets = webhook_secrets

    async def quote(self, amount_minor: int, currency: str) -> PayQuote:
        """There is nothing to ask. Raises NotQuotedError."""
        raise NotQuotedError("Stripe says nothing beforehand of what it takes for transfers", is_for_good=True)

    async def order(self, order: PayOrder) -> PaidAnswer:
        """Transfer under the key."""
        form = {
            "amount": str(_their_amount(order.amount_minor, order.currency)),
            "currency": order.currency.lower(),
            "destination": order.address,
            "transfer_group": order.key,
            "description": order.text,
        }
        headers = [*self._headers, ("idempotency-key", order.key)]
        answer = await told(self._caller, "POST", "/v1/transfers", headers=headers, form=form)
        if answer.is_good:
            return _transfer(read_told(answer))
        raise _why_refused(answer)

    async def query(self, order: PayOrder, *, reference: str | None) -> PaidAnswer | None:
        """Look for the transfer by its group, which is known before the first answer."""
        path = f"/v1/transfers?limit=2&transfer_group={quote(order.key, safe='')}"
        found = read_asked(await asked(self._caller, "GET", path, headers=self._headers))["data"]
        if len(found) > 1:
            raise OtherOrderError("number of transfers")
        return _transfer(found[0]) if found else None

    async def cancel(self, order: PayOrder, *, reference: str) -> PaidAnswer:
        """A transfer is paid at once: nothing is left to cancel, and how it stands is the answer."""
        found = await self.query(order, reference=reference)
        if found is None:
            raise UnknownOutcomeOfOrderError("it does not show the transfer")
        return found

    async def read_webhook(self, webhook: Webhook, *, now: datetime) -> Hint | None:
        """Signed with its time by a secret of the account."""
        parts = [part.partition("=") for part in webhook.headers.get("stripe-signature", "").split(",")]
        at = next((value for name, _, value in parts if name == "t"), "")
        shown = [value for name, _, value in parts if name == "v1"]
        content = f"{at}.".encode() + webhook.body
        signed = [hmac.digest(secret.encode(), content, "sha256").hex() for secret in self._secrets]
        if not any(hmac.compare_digest(one, two) for one in signed for two in shown if two.isascii()):
            raise ForgedError("no secret of the account signed it")
        if not at.isdigit() or len(at) > 12 or abs(now.timestamp() - int(at)) > TOLERANCE_SECONDS:
            raise StaleError(f"it was signed more than {TOLERANCE_SECONDS} s from now")
        body = orjson.loads(webhook.body)
        if not str(body["type"]).startswith("transfer."):
            return None
        return Hint(str(body["id"]), str(body["data"]["object"]["id"]))


def _transfer(body: Any) -> PaidAnswer:
    """How a transfer stands; one that is reversed in part is told, and stays paid: people look at it."""
    currency, amount, back = str(body["currency"]).upper(), int(body["amount"]), int(body["amount_reversed"])
    is_back = back >= amount
    words = "reversed" if is_back else "reversed in part" if back else "transferred"
    return PaidAnswer(
        reference=str(body["id"]),
        standing=PaidStanding.RETURNED if is_back else PaidStanding.PAID,
        words=words,
        reason=f"{back} of {amount} came back" if back and not is_back else "",
        amount_minor=_our_amount(amount, currency),
        currency=currency,
    )


def _why_refused(answer: HttpAnswer) -> Exception:
    code, kind = field_of(answer, "error", "code"), field_of(answer, "error", "type")
    reason = code or kind or f"it answered {answer.status}"
    if kind == _OTHER_PARAMETERS:
        return OtherOrderError("content")
    if code == _NO_FUNDS:
        return LaterError("the account has no funds")
    if answer.status == 409:
        return UnknownOutcomeOfOrderError("it is at the same key just now")
    return (
        RefusedReceiverError(reason)
        if field_of(answer, "error", "param") == "destination"
        else RefusedError(reason)
    )


def _their_amount(minor: int, currency: str) -> int:
    return minor * 100 if currency in _IN_HUNDREDTHS and exponent(currency) == 0 else minor


def _our_amount(theirs: int, currency: str) -> int:
    if currency in _IN_HUNDREDTHS and exponent(currency) == 0:
        if theirs % 100:
            raise ValueError("it is finer than the currency")
        return theirs // 100
    return theirs
