"""Tremendous: orders by external_id, delivered as a link that the member opens.

A repeat of an external_id answers 201 with the order that was first, whatever it says now: so what comes back is
compared with what was wanted. An order may wait for an approval there, and be flagged.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from urllib.parse import quote

import orjson

from services.rewards.providers.domain.amounts import minor_of, written
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
    RefusedError,
    Standing,
    UnknownOutcomeOfOrderError,
    Wanted,
    Webhook,
)
from services.rewards.providers.domain.signing import check_tremendous
from services.rewards.providers.handlers.calls import Caller, HttpAnswer, NoAnswerError, asked, said, told
from shared.currencies import exponent

_NOT_FOUND: Final = 404
_ORDERS: Final = "/api/v2/orders"
_FOREX: Final = "/api/v2/forex"
#: What an order is until somebody there approves it, its payment arrives, or it is looked at.
_WAITING: Final = {
    "CART",
    "PENDING APPROVAL",
    "PENDING INTERNAL PAYMENT APPROVAL",
    "PENDING SETTLEMENT",
    "FLAGGED",
}
_ENDED: Final = {"CANCELED": Standing.CANCELLED, "CANCELLED": Standing.CANCELLED, "FAILED": Standing.FAILED}
#: The parts of an event's name that say it is about an order or a reward.
_EVENTS: Final = ("ORDERS.", "REWARDS.")


class Tremendous:
    """An account at Tremendous."""

    def __init__(
        self, caller: Caller, *, api_key: str, funding_source_id: str, webhook_secrets: Sequence[str]
    ) -> None:
        self._caller = caller
        self._headers = [("authorization", f"Bearer {api_key}")]
        self._funding_source_id = funding_source_id
        self._secrets = webhook_secrets

    async def products(self) -> Sequence[Product]:
        """What the account can order; a product in several currencies is several here."""
        answer = await asked(self._caller, "GET", "/api/v2/products", headers=self._headers)
        try:
            return [
                _product(one, currency) for one in answer.read()["products"] for currency in one["currency_codes"]
            ]
        except (NoAnswerError, KeyError, TypeError, ValueError) as error:
            raise LaterError("it answered what is no list of products") from error

    async def quote(self, card: Card, *, pay_in: str, now: datetime) -> Quote:
        """A card costs its value, at Tremendous' rates of the moment where the account pays in another currency.

        It converts when it is ordered, and places no order at a quote: what it charges then may be another amount.
        """
        for product in await self.products():
            if (product.product_id, product.currency) == (card.product_id, card.currency):
                if not product.has_face(card.face_minor):
                    raise RefusedError("the product does not come in that value")
                if pay_in == card.currency:
                    return Quote(card, card.face_minor, card.currency, "tremendous products", now, None)
                rate = await self._rate(pay_in, card.currency)
                cost = _converted(card, rate, pay_in=pay_in)
                return Quote(card, cost, pay_in, "tremendous forex", now, None, rate=rate)
        raise RefusedError("it has no such product in that currency")

    async def _rate(self, base: str, currency: str) -> Decimal:
        """Units of a currency that a unit of the base is."""
        path = f"{_FOREX}?base={quote(base, safe='')}"
        answer = await asked(self._caller, "GET", path, headers=self._headers)
        if not answer.is_good:
            raise RefusedError(f"it has no rates of {base}: it answered {answer.status}")
        try:
            rates = answer.read()["forex"]
            if currency not in rates:
                raise RefusedError(f"it has no rate of {base} for {currency}")
            rate = Decimal(str(rates[currency]))
            if not rate.is_finite() or rate <= 0:
                raise ValueError(f"{rate} is no rate")
        except (NoAnswerError, KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise LaterError("it answered what are no rates") from error
        return rate

    async def order(self, wanted: Wanted) -> Answer:
        """Place an order for one reward, paid from the account's funding source."""
        card = wanted.card
        content = {
            "external_id": wanted.key,
            "payment": {"funding_source_id": self._funding_source_id},
            "reward": {
                "value": {
                    "denomination": written(card.face_minor, card.currency),
                    "currency_code": card.currency,
                },
                "delivery": {"method": "LINK"},
                "products": [card.product_id],
            },
        }
        answer = await told(self._caller, "POST", _ORDERS, headers=self._headers, content=content)
        if not answer.is_good:
            _refused(answer)
        found = _order(answer, wanted)
        part = found.differs_from(card)
        if part is not None:
            raise OtherOrderError(part)
        return await self._with_link(answer, found)

    async def query(self, wanted: Wanted, *, reference: str | None) -> Answer | None:
        """By the reference where there is one, else among the orders with the external_id."""
        path = (
            f"{_ORDERS}?external_id={quote(wanted.key, safe='')}"
            if reference is None
            else f"{_ORDERS}/{quote(reference, safe='')}"
        )
        answer = await asked(self._caller, "GET", path, headers=self._headers)
        if answer.status == _NOT_FOUND:
            return None
        if not answer.is_good:
            raise LaterError(f"it answered {answer.status}")
        try:
            if reference is None:
                # A server that does not know the filter would answer with orders of others.
                orders = [one for one in answer.read()["orders"] if one.get("external_id") == wanted.key]
                if not orders:
                    return None
                answer = answer._replace(body=orjson.dumps({"order": orders[0]}, default=float))
            found = _order(answer, wanted)
        except (NoAnswerError, KeyError, TypeError, AttributeError, UnknownOutcomeOfOrderError) as error:
            raise LaterError("it answered what is no order") from error
        part = found.differs_from(wanted.card)
        if part is not None:
            raise OtherOrderError(part)
        return await self._with_link(answer, found)

    async def cancel(self, wanted: Wanted, *, reference: str) -> Answer:
        """Cancel the reward of an order, where it was not redeemed."""
        answer = await asked(self._caller, "GET", f"{_ORDERS}/{quote(reference, safe='')}", headers=self._headers)
        try:
            reward_id = _reward(answer.read()["order"])["id"]
        except (NoAnswerError, KeyError, TypeError) as error:
            raise LaterError("it answered what is no order") from error
        path = f"/api/v2/rewards/{quote(str(reward_id), safe='')}/cancel"
        await told(self._caller, "POST", path, headers=self._headers, content={})
        found = await self.query(wanted, reference=reference)
        if found is None:
            raise LaterError("it does not know the order any more")
        return found

    def parse_webhook(self, webhook: Webhook, *, now: datetime) -> Hint | None:
        """It has ids alone; of a reward its order is asked for with all others that are open."""
        check_tremendous(webhook, self._secrets)
        body = orjson.loads(webhook.body)
        if not str(body["event"]).startswith(_EVENTS):
            return None
        resource = body["payload"]["resource"]
        return Hint(str(body["uuid"]), str(resource["id"]) if resource["type"] == "orders" else None)

    async def _with_link(self, answer: HttpAnswer, found: Answer) -> Answer:
        """The order with what its member needs, which is asked for where the answer lacks it."""
        if found.standing is not Standing.DELIVERED or found.goods is not None:
            return found
        reward_id = _reward(answer.read()["order"])["id"]
        path = f"/api/v2/rewards/{quote(str(reward_id), safe='')}/generate_link"
        linked = await told(self._caller, "POST", path, headers=self._headers, content={})
        try:
            link = str(linked.read()["reward"]["link"])
        except (NoAnswerError, KeyError, TypeError) as error:
            raise UnknownOutcomeOfOrderError("it gives no link of what it delivered") from error
        return Answer(
            found.reference,
            found.standing,
            Goods(link),
            found.reason,
            found.product_id,
            found.face_minor,
            found.currency,
            found.charge,
        )


def _refused(answer: HttpAnswer) -> None:
    """Raise what a refusal is: for good, unless it says that it may be tried again."""
    try:
        errors = answer.read()["errors"]
        reason = said(errors["message"])
        payload = errors.get("payload") or {}
        is_retryable = isinstance(payload, Mapping) and payload.get("retryable") is True
    except (NoAnswerError, KeyError, TypeError, AttributeError) as error:
        raise RefusedError(f"it answered {answer.status}") from error
    if is_retryable:
        raise LaterError(reason, answer.retry_after_seconds)
    raise RefusedError(reason)


def _reward(order: Mapping[str, Any]) -> Mapping[str, Any]:
    # Placing an order answers a list of rewards, asking for one a single reward.
    rewards = order.get("rewards")
    found: Mapping[str, Any] = rewards[0] if rewards else order["reward"]
    return found


def _converted(card: Card, rate: Decimal, *, pay_in: str) -> int:
    """A card's value in the currency that is paid in, rounded up to its minor unit."""
    scale = Fraction(10) ** (exponent(pay_in) - exponent(card.currency))
    return math.ceil(card.face_minor * scale / Fraction(rate))


def _order(answer: HttpAnswer, wanted: Wanted) -> Answer:
    try:
        order = answer.read()["order"]
        reward = _reward(order)
        status = str(order["status"]).upper()
        value = reward.get("value") or {}
        currency = value.get("currency_code")
        face = value.get("denomination")
        products = reward.get("products")
        delivery = reward.get("delivery") or {}
        said_key = order.get("external_id")
        if said_key is not None and said_key != wanted.key:
            raise OtherOrderError("external_id")
        return Answer(
            reference=str(order["id"]),
            standing=_standing(status, str(delivery.get("status") or "").upper()),
            goods=Goods(str(delivery["link"])) if delivery.get("link") else None,
            reason=said(status.lower()),
            product_id=str(products[0]) if isinstance(products, list) and len(products) == 1 else None,
            face_minor=None if face is None or currency is None else minor_of(face, currency),
            currency=currency,
            charge=_charge(order.get("payment"), face=face, currency=currency, quote=wanted.quote),
        )
    except NoAnswerError as error:
        raise UnknownOutcomeOfOrderError(str(error)) from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise UnknownOutcomeOfOrderError("it answered what is no order") from error


def _charge(payment: Any, *, face: Any, currency: str | None, quote: Quote | None) -> Charge | None:
    """What the order cost: it names no currency, and is in that of the account.

    That is what the order was quoted in; without a quote it is the card's, where that is its value before fees.
    """
    try:
        if quote is not None and quote.cost_currency != currency:
            currency = quote.cost_currency
        elif currency is None or minor_of(payment["subtotal"], currency) != minor_of(face, currency):
            return None
        refund = payment.get("refund")
        charge = Charge(
            currency,
            minor_of(payment["total"], currency),
            fee_minor=minor_of(payment.get("fees") or 0, currency),
            discount_minor=minor_of(payment.get("discount") or 0, currency),
            refunded_minor=None if not refund else minor_of(refund["total"], currency),
        )
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        # What cannot be read is not said, and holds back no goods.
        return None
    return charge if charge.is_possible else None


def _standing(status: str, delivery: str) -> Standing:
    if status in _ENDED:
        return _ENDED[status]
    if delivery in ("CANCELED", "CANCELLED"):
        return Standing.REVERSED
    if delivery == "FAILED":
        return Standing.FAILED
    if status in _WAITING or delivery == "FLAGGED" or status != "EXECUTED":
        return Standing.PENDING
    return Standing.DELIVERED


def _product(one: Mapping[str, Any], currency: str) -> Product:
    # The documented example has a list of lists here, servers a list.
    skus = [sku for entry in one["skus"] for sku in (entry if isinstance(entry, list) else [entry])]
    bounds = [(minor_of(sku["min"], currency), minor_of(sku["max"], currency)) for sku in skus]
    return Product(
        product_id=str(one["id"]),
        name=said(one["name"]),
        currency=str(currency),
        countries=[str(country["abbr"]) for country in one.get("countries", ())],
        faces=sorted({low for low, high in bounds if low == high}) if all(a == b for a, b in bounds) else (),
        min_minor=min((low for low, _ in bounds), default=0),
        max_minor=max((high for _, high in bounds), default=0),
    )
