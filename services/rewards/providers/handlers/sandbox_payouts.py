"""Payouts at the sandbox provider, which `plaudit sandbox-provider` runs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import orjson

from services.rewards.providers.domain.contract import (
    Hint,
    LaterError,
    OtherOrderError,
    RefusedError,
    UnknownOutcomeOfOrderError,
    Webhook,
)
from services.rewards.providers.domain.paying import (
    PaidAnswer,
    PaidStanding,
    PayOrder,
    PayQuote,
    RefusedReceiverError,
    standing_of,
)
from services.rewards.providers.domain.signing import check_standard
from services.rewards.providers.handlers.calls import Caller, HttpAnswer, asked, said, told
from services.rewards.providers.handlers.reading import (
    CONFLICT,
    NOT_FOUND,
    field_of,
    read_asked,
    read_told,
)

_STANDINGS: Final = {
    "pending": PaidStanding.SENT,
    "unclaimed": PaidStanding.SENT,
    "paid": PaidStanding.PAID,
    "returned": PaidStanding.RETURNED,
    "failed": PaidStanding.FAILED,
    "cancelled": PaidStanding.FAILED,
}


class SandboxPayouts:
    """An account at the sandbox provider, for payouts."""

    #: It finds a payout by its key.
    key_stands: timedelta | None = None

    def __init__(self, caller: Caller, *, api_key: str, webhook_secrets: Sequence[str]) -> None:
        self._caller = caller
        self._headers = [("authorization", f"Bearer {api_key}")]
        self._secrets = webhook_secrets

    async def quote(self, amount_minor: int, currency: str) -> PayQuote:
        """It takes a fee beside what it pays, and converts nothing."""
        content = {"amount_minor": amount_minor, "currency": currency}
        headers = self._headers
        try:
            answer = await told(self._caller, "POST", "/v1/payout-quotes", headers=headers, content=content)
        except UnknownOutcomeOfOrderError as error:
            raise LaterError(error.reason) from error
        body = read_asked(answer)
        return PayQuote(
            gets_minor=int(body["amount_minor"]),
            leaves_minor=int(body["amount_minor"]) + int(body["fee_minor"]),
            leaves_currency=str(body["currency"]),
            fee_minor=int(body["fee_minor"]),
            expires_at=datetime.fromisoformat(body["expires_at"]),
        )

    async def order(self, order: PayOrder) -> PaidAnswer:
        """Pay under the key."""
        content = {
            "key": order.key,
            "amount_minor": order.amount_minor,
            "currency": order.currency,
            "receiver": order.address,
            "name": order.name,
        }
        answer = await told(self._caller, "POST", "/v1/payouts", headers=self._headers, content=content)
        if answer.status == CONFLICT:
            raise OtherOrderError("content")
        if not answer.is_good:
            reason = field_of(answer, "reason") or f"it answered {answer.status}"
            raise (RefusedReceiverError if "receiver" in reason else RefusedError)(reason)
        return _payout(answer)

    async def query(self, order: PayOrder, *, reference: str | None) -> PaidAnswer | None:
        """Ask by the key, which is known before the first answer."""
        path = f"/v1/payouts/by-key/{quote(order.key, safe='')}"
        answer = await asked(self._caller, "GET", path, headers=self._headers)
        return None if answer.status == NOT_FOUND else _read(read_asked(answer))

    async def cancel(self, order: PayOrder, *, reference: str) -> PaidAnswer:
        """Cancel what is pending or unclaimed; what is not stays as it is."""
        path = f"/v1/payouts/{quote(reference, safe='')}/cancel"
        answer = await told(self._caller, "POST", path, headers=self._headers, content={})
        if answer.status == CONFLICT:
            found = await self.query(order, reference=reference)
            if found is not None:
                return found
        return _payout(answer)

    async def read_webhook(self, webhook: Webhook, *, now: datetime) -> Hint | None:
        """Standard Webhooks; the body names the payout by both ids."""
        hint_id = check_standard(webhook, self._secrets, now=now)
        body = orjson.loads(webhook.body)
        if not str(body["type"]).startswith("payout."):
            return None
        return Hint(hint_id, str(body["data"]["payout_id"]), str(body["data"]["key"]))


def _payout(answer: HttpAnswer) -> PaidAnswer:
    if not answer.is_good:
        raise UnknownOutcomeOfOrderError(f"it answered {answer.status}")
    return _read(read_told(answer))


def _read(body: Any) -> PaidAnswer:
    words, reason = str(body["standing"]), said(body["reason"])
    return PaidAnswer(
        reference=str(body["payout_id"]),
        standing=standing_of(words, _STANDINGS),
        words=words,
        reason=reason,
        amount_minor=int(body["amount_minor"]),
        currency=str(body["currency"]),
        fee_minor=int(body["fee_minor"]),
        blames_receiver=words in ("returned", "failed") and "receiver" in reason,
    )
