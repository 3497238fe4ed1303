"""PayPal Payouts: each payout is a batch with one item, as PayPal takes a batch's id once (ADR 147)."""

import base64
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

import orjson

from services.rewards.providers.domain.amounts import minor_of
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
    standing_of,
)
from services.rewards.providers.domain.signing import TOLERANCE_SECONDS
from services.rewards.providers.handlers.calls import Caller, HttpAnswer, asked, said, told
from services.rewards.providers.handlers.reading import NOT_FOUND, field_of, read_asked, read_told
from shared.currencies import decimal_amount

_ITEM_STANDINGS: Final = {
    "PENDING": PaidStanding.SENT,
    "ONHOLD": PaidStanding.SENT,
    # Whoever it is for has no account yet: after 30 days it is RETURNED.
    "UNCLAIMED": PaidStanding.SENT,
    "SUCCESS": PaidStanding.PAID,
    "RETURNED": PaidStanding.RETURNED,
    "REFUNDED": PaidStanding.RETURNED,
    "REVERSED": PaidStanding.RETURNED,
    "FAILED": PaidStanding.FAILED,
    "BLOCKED": PaidStanding.FAILED,
    "DENIED": PaidStanding.FAILED,
    "CANCELED": PaidStanding.FAILED,
}
#: Of a batch that has no item yet. That it succeeded says nothing of its item.
_BATCH_STANDINGS: Final = {
    "PENDING": PaidStanding.SENT,
    "PROCESSING": PaidStanding.SENT,
    "NEW": PaidStanding.SENT,
    "ACKNOWLEDGED": PaidStanding.SENT,
    "SUCCESS": PaidStanding.SENT,
    "DENIED": PaidStanding.FAILED,
    "CANCELED": PaidStanding.FAILED,
}
#: PayPal knows a batch's id for 30 days; a day less, as clocks differ and calls take their time.
_KEY_STANDS: Final = timedelta(days=29)
_TWICE: Final = ("DUPLICATE_REQUEST_ID", "USER_BUSINESS_ERROR")
_NO_FUNDS: Final = "INSUFFICIENT_FUNDS"
_TRANSMISSION: Final = {
    "auth_algo": "paypal-auth-algo",
    "cert_url": "paypal-cert-url",
    "transmission_id": "paypal-transmission-id",
    "transmission_sig": "paypal-transmission-sig",
    "transmission_time": "paypal-transmission-time",
}
#: A token is asked for again so long before it ends.
_EARLY: Final = timedelta(seconds=60)


class Token(NamedTuple):
    """What opens PayPal's API, and until when."""

    value: str
    until: datetime

    def __repr__(self) -> str:
        return "Token(…)"


class PayPal:
    """An account at PayPal; `tokens` outlives it, by account, so that not every call asks for another."""

    key_stands: timedelta | None = _KEY_STANDS

    def __init__(
        self,
        caller: Caller,
        *,
        client_id: str,
        client_secret: str,
        webhook_id: str,
        token_of: str,
        tokens: dict[str, Token],
        now: Callable[[], datetime],
    ) -> None:
        self._caller = caller
        self._basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._webhook_id = webhook_id
        self._token_of = token_of
        self._tokens = tokens
        self._now = now

    async def quote(self, amount_minor: int, currency: str) -> PayQuote:
        """There is nothing to ask. Raises NotQuotedError."""
        raise NotQuotedError(
            "PayPal says what it takes once a payout is there, and nothing before", is_for_good=True
        )

    async def order(self, order: PayOrder) -> PaidAnswer:
        """Make a batch of one item; one that was made under the id is found by the link to it."""
        amount = f"{decimal_amount(order.amount_minor, order.currency):f}"
        item = {
            "recipient_type": "EMAIL",
            "receiver": order.address,
            "amount": {"value": amount, "currency": order.currency},
            "sender_item_id": order.key,
            "note": order.text,
        }
        content = {
            "sender_batch_header": {"sender_batch_id": order.key.replace("-", ""), "email_subject": order.text},
            "items": [item],
        }
        answer = await self._with_token(
            lambda headers: told(self._caller, "POST", "/v1/payments/payouts", headers=headers, content=content)
        )
        if answer.is_good:
            return _of_batch(read_told(answer), order)
        name = field_of(answer, "name")
        batch_id = _linked_batch(answer) if name in _TWICE else None
        if batch_id is not None:
            found = await self._batch(batch_id, order)
            if found is None:
                raise UnknownOutcomeOfOrderError("it has a batch under the id, and does not show it")
            return found
        raise _why_refused(answer, name)

    async def query(self, order: PayOrder, *, reference: str | None) -> PaidAnswer | None:
        """Look at the batch; without its id PayPal finds none."""
        return None if reference is None else await self._batch(reference, order)

    async def _batch(self, batch_id: str, order: PayOrder) -> PaidAnswer | None:
        path = f"/v1/payments/payouts/{quote(batch_id, safe='')}?page_size=1"
        answer = await self._with_token(lambda headers: asked(self._caller, "GET", path, headers=headers))
        return None if answer.status == NOT_FOUND else _of_batch(read_asked(answer), order)

    async def cancel(self, order: PayOrder, *, reference: str) -> PaidAnswer:
        """Take back what nobody claimed yet: PayPal cancels nothing else."""
        path = f"/v1/payments/payouts/{quote(reference, safe='')}?page_size=1"
        answer = await self._with_token(lambda headers: asked(self._caller, "GET", path, headers=headers))
        item = _item_of(read_asked(answer))
        if item is not None and item["transaction_status"] == "UNCLAIMED":
            path = f"/v1/payments/payouts-item/{quote(str(item['payout_item_id']), safe='')}/cancel"
            await self._with_token(lambda headers: told(self._caller, "POST", path, headers=headers, content={}))
        found = await self._batch(reference, order)
        if found is None:
            raise UnknownOutcomeOfOrderError("it does not show the batch any more")
        return found

    async def read_webhook(self, webhook: Webhook, *, now: datetime) -> Hint | None:
        """PayPal says itself whether it signed it: over the bytes as they came."""
        shown = {name: webhook.headers.get(header, "") for name, header in _TRANSMISSION.items()}
        if not all(shown.values()):
            raise ForgedError("it lacks PayPal's headers")
        sent_at = datetime.fromisoformat(shown["transmission_time"])
        if sent_at.tzinfo is None or abs((now - sent_at).total_seconds()) > TOLERANCE_SECONDS:
            raise StaleError(f"it was sent more than {TOLERANCE_SECONDS} s from now")
        body = orjson.loads(webhook.body)
        content = {**shown, "webhook_id": self._webhook_id, "webhook_event": orjson.Fragment(webhook.body)}
        try:
            answer = await self._with_token(
                lambda headers: told(
                    self._caller,
                    "POST",
                    "/v1/notifications/verify-webhook-signature",
                    headers=headers,
                    content=content,
                )
            )
        except UnknownOutcomeOfOrderError as error:
            raise LaterError(error.reason) from error
        if read_asked(answer)["verification_status"] != "SUCCESS":
            raise ForgedError("PayPal did not sign it")
        if not str(body["event_type"]).startswith(("PAYMENT.PAYOUTS-ITEM.", "PAYMENT.PAYOUTSBATCH.")):
            return None
        resource = body["resource"]
        if "payout_batch_id" in resource:
            return Hint(str(body["id"]), str(resource["payout_batch_id"]))
        return Hint(str(body["id"]), str(resource["batch_header"]["payout_batch_id"]))

    async def _with_token(self, call: Callable[[list[tuple[str, str]]], Awaitable[HttpAnswer]]) -> HttpAnswer:
        token = self._tokens.get(self._token_of)
        if token is None or token.until <= self._now():
            token = self._tokens[self._token_of] = await self._new_token()
        try:
            return await call([("authorization", f"Bearer {token.value}")])
        except LaterError:
            # It may be the token that it refuses: the next call asks for another.
            self._tokens.pop(self._token_of, None)
            raise

    async def _new_token(self) -> Token:
        headers = [("authorization", f"Basic {self._basic}")]
        form = {"grant_type": "client_credentials"}
        try:
            answer = await told(self._caller, "POST", "/v1/oauth2/token", headers=headers, form=form)
        except UnknownOutcomeOfOrderError as error:
            raise LaterError(error.reason) from error
        body = read_asked(answer)
        try:
            seconds = float(body["expires_in"])
            return Token(str(body["access_token"]), self._now() + timedelta(seconds=seconds) - _EARLY)
        except (KeyError, TypeError, ValueError) as error:
            raise LaterError("it answered what is no token") from error


def _item_of(body: Any) -> Any:
    items = body.get("items") or []
    return items[0] if items else None


def _of_batch(body: Any, order: PayOrder) -> PaidAnswer:
    """How a payout stands by its item; by its batch while there is none."""
    header = body["batch_header"]
    reference, item = str(header["payout_batch_id"]), _item_of(body)
    if item is None:
        words = str(header["batch_status"])
        return PaidAnswer(reference, standing_of(words, _BATCH_STANDINGS), words)
    wanted = item["payout_item"]
    # A batch that somebody else made under the id has another item.
    if wanted.get("sender_item_id") not in (None, order.key):
        raise OtherOrderError("item")
    words, errors = str(item["transaction_status"]), item.get("errors") or {}
    name, currency = str(errors.get("name", "")), str(wanted["amount"]["currency"])
    fee = item.get("payout_item_fee")
    standing = standing_of(words, _ITEM_STANDINGS)
    is_receivers = words == "RETURNED" or (standing is PaidStanding.FAILED and name.startswith("RECEIVER"))
    return PaidAnswer(
        reference=reference,
        standing=standing,
        words=words,
        reason=said(f"{name}: {errors.get('message', '')}") if name else "",
        amount_minor=minor_of(wanted["amount"]["value"], currency),
        currency=currency,
        fee_minor=None if fee is None else minor_of(fee["value"], str(fee["currency"])),
        blames_receiver=is_receivers,
    )


def _linked_batch(answer: HttpAnswer) -> str | None:
    """The id of the batch that an error links to; None where it links to none."""
    try:
        links = answer.read()["links"]
        paths = [urlsplit(str(link["href"])).path for link in links]
    except (KeyError, TypeError, ValueError):
        return None
    found = [path.rsplit("/", 1)[-1] for path in paths if "/v1/payments/payouts/" in path]
    return found[0] if found and found[0] else None


def _why_refused(answer: HttpAnswer, name: str) -> Exception:
    reason = said(f"{name}: {field_of(answer, 'message')}") if name else f"it answered {answer.status}"
    if name == _NO_FUNDS:
        return LaterError(reason)
    if name in _TWICE:
        # It knows the id, and does not say as what.
        return UnknownOutcomeOfOrderError(reason)
    return RefusedReceiverError(reason) if name.startswith("RECEIVER") else RefusedError(reason)
