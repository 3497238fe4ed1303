"""The sandbox provider, which `plaudit sandbox-provider` runs: its API is in docs/sandbox-provider.md."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote

import orjson

from services.rewards.providers.domain.contract import (
    Answer,
    Card,
    Charge,
    Goods,
    Hint,
    LaterError,
    OtherOrderError,
    Product,
    Quote,
    QuoteEndedError,
    RefusedError,
    Standing,
    UnknownOutcomeOfOrderError,
    Wanted,
    Webhook,
)
from services.rewards.providers.domain.signing import check_standard
from services.rewards.providers.handlers.calls import Caller, HttpAnswer, NoAnswerError, asked, said, told

_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_GONE: Final = 410


class Sandbox:
    """An account at the sandbox provider."""

    def __init__(self, caller: Caller, *, api_key: str, webhook_secrets: Sequence[str]) -> None:
        self._caller = caller
        self._headers = [("authorization", f"Bearer {api_key}")]
        self._secrets = webhook_secrets

    async def products(self) -> Sequence[Product]:
        """Its gift cards."""
        answer = await asked(self._caller, "GET", "/v1/products", headers=self._headers)
        return [Product(**one) for one in _read(answer)["products"]]

    async def quote(self, card: Card, *, pay_in: str, now: datetime) -> Quote:
        """What a card costs, fee and discount in it."""
        content = {**_content(card), "pay_in": pay_in}
        try:
            answer = await told(self._caller, "POST", "/v1/quotes", headers=self._headers, content=content)
            if not answer.is_good:
                raise RefusedError(_why(answer))
            return _quote(card, _read(answer), now=now)
        except UnknownOutcomeOfOrderError as error:
            # A quote that nobody read binds nobody: another is asked for.
            raise LaterError(error.reason) from error

    async def order(self, wanted: Wanted) -> Answer:
        """Place an order, at its quote where there is one."""
        content = {"key": wanted.key, **_content(wanted.card)}
        if wanted.quote is not None and wanted.quote.reference is not None:
            content["quote_id"] = wanted.quote.reference
        answer = await told(self._caller, "POST", "/v1/orders", headers=self._headers, content=content)
        if answer.status == _CONFLICT:
            raise OtherOrderError("content")
        if answer.status == _GONE:
            raise QuoteEndedError(_why(answer))
        if not answer.is_good:
            raise RefusedError(_why(answer))
        return _order(answer)

    async def query(self, wanted: Wanted, *, reference: str | None) -> Answer | None:
        """Ask by the key, which is known before the first answer."""
        path = f"/v1/orders/by-key/{quote(wanted.key, safe='')}"
        answer = await asked(self._caller, "GET", path, headers=self._headers)
        if answer.status == _NOT_FOUND:
            return None
        return _order(answer)

    async def cancel(self, wanted: Wanted, *, reference: str) -> Answer:
        """Cancel an order that is pending; one that is not stays as it is."""
        path = f"/v1/orders/{quote(reference, safe='')}/cancel"
        answer = await told(self._caller, "POST", path, headers=self._headers, content={})
        if answer.status == _CONFLICT:
            found = await self.query(wanted, reference=reference)
            if found is not None:
                return found
        return _order(answer)

    def parse_webhook(self, webhook: Webhook, *, now: datetime) -> Hint | None:
        """Standard Webhooks; the body names the order by both ids."""
        hint_id = check_standard(webhook, self._secrets, now=now)
        body = orjson.loads(webhook.body)
        if not str(body["type"]).startswith("order."):
            return None
        return Hint(hint_id, str(body["data"]["order_id"]), str(body["data"]["key"]))


def _content(card: Card) -> dict[str, Any]:
    return {"product_id": card.product_id, "face_minor": card.face_minor, "currency": card.currency}


def _quote(card: Card, body: Any, *, now: datetime) -> Quote:
    try:
        return Quote(
            card,
            int(body["cost_minor"]),
            str(body["cost_currency"]),
            "sandbox quotes",
            now,
            datetime.fromisoformat(body["expires_at"]),
            reference=str(body["quote_id"]),
            rate=Decimal(body["rate"]),
            spread_basis_points=int(body["spread_basis_points"]),
            fee_minor=int(body["fee_minor"]),
            discount_minor=int(body["discount_minor"]),
        )
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise LaterError("it answered what is no quote") from error


def _read(answer: HttpAnswer) -> Any:
    try:
        return answer.read()
    except NoAnswerError as error:
        raise UnknownOutcomeOfOrderError(str(error)) from error


def _why(answer: HttpAnswer) -> str:
    try:
        return said(answer.read()["reason"])
    except (NoAnswerError, KeyError, TypeError):
        return f"it answered {answer.status}"


def _order(answer: HttpAnswer) -> Answer:
    if not answer.is_good:
        raise UnknownOutcomeOfOrderError(f"it answered {answer.status}")
    body = _read(answer)
    try:
        goods = body["goods"]
        return Answer(
            reference=str(body["order_id"]),
            standing=Standing(body["standing"]),
            goods=None if goods is None else Goods(str(goods["code"]), goods["pin"], _day(goods["expires_on"])),
            reason=said(body["reason"]),
            product_id=str(body["product_id"]),
            face_minor=int(body["face_minor"]),
            currency=str(body["currency"]),
            charge=_charge(body.get("charge")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnknownOutcomeOfOrderError("it answered what is no order") from error


def _charge(said_of_it: Any) -> Charge | None:
    """What it charged; what cannot be read is not said, and holds back no goods."""
    try:
        charge = Charge(**said_of_it)
        return charge if charge.is_possible else None
    except TypeError:
        return None


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
