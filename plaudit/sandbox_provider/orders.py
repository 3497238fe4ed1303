"""What the sandbox provider has and does: products, orders by their keys, and what it was told to do wrong."""

import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

from plaudit.sandbox_provider.payouts import Till
from plaudit.sandbox_provider.quotes import Content, Exchange, Price, Quote
from plaudit.sandbox_provider.refusing import (
    KEPT_MAX_COUNT,
    FullError,
    OtherContentError,
    WrongStandingError,
)

PRODUCTS: Final[Sequence[dict[str, Any]]] = (
    {
        "product_id": "sandbox-books",
        "name": "Books (sandbox)",
        "currency": "EUR",
        "countries": ["DE", "IT"],
        "faces": [500, 1000, 2500],
        "min_minor": 500,
        "max_minor": 2500,
        "fee_basis_points": 0,
        "discount_basis_points": 300,
        "delivery_days": 0,
        "validity": "24 months",
    },
    {
        "product_id": "sandbox-any",
        "name": "Any amount (sandbox)",
        "currency": "USD",
        "countries": ["US"],
        "faces": [],
        "min_minor": 500,
        "max_minor": 50000,
        "fee_basis_points": 150,
        "discount_basis_points": 0,
        "delivery_days": 0,
        "validity": "",
    },
)


class Behaviour(StrEnum):
    """What becomes of an order that is placed."""

    DELIVER = "deliver"
    #: It is pending until it is told to deliver, fail or cancel.
    PENDING = "pending"
    #: A payout waits for whoever it is for, who has no account yet; an order is pending.
    UNCLAIMED = "unclaimed"
    #: It never answers: before anything was done, or after.
    TIME_OUT_BEFORE = "time_out_before"
    TIME_OUT_AFTER = "time_out_after"
    #: It answers 500: before anything was done, or after.
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    #: It answers a page in HTML, or JSON that is cut off, after it delivered.
    HTML = "html"
    PARTIAL = "partial"
    #: It answers 429.
    RATE_LIMIT = "rate_limit"
    #: It refuses for good.
    REFUSE = "refuse"
    #: It takes the order, and says that it failed: at once, or once it was pending.
    FAIL = "fail"
    BOUNCE = "bounce"
    #: It answers with another order under the same key.
    DUPLICATE = "duplicate"


class Cancels(StrEnum):
    """What becomes of a delivered order that whoever ordered wants cancelled."""

    KEEP = "keep"
    TAKE_BACK = "take_back"
    #: It takes it back, and answers 500.
    ERROR_AFTER = "error_after"


class Hooks(StrEnum):
    """How the webhooks of an order come."""

    NONE = "none"
    AFTER = "after"
    #: Before the order is answered.
    FIRST = "first"
    TWICE = "twice"
    #: What happened last comes first.
    REORDERED = "reordered"
    #: Signed an hour ago.
    STALE = "stale"
    #: Signed by somebody else.
    FORGED = "forged"


class NoProductError(Exception):
    """There is no such product, or not in that value."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order, and all standings that it had."""

    order_id: str
    key: str
    content: Content
    standing: str
    reason: str = ""
    goods: dict[str, str | None] = field(default_factory=dict)
    history: tuple[str, ...] = ()
    charge: dict[str, Any] | None = None

    def hook(self, standing: str) -> dict[str, Any]:
        """What a webhook says of it."""
        return {
            "type": f"order.{standing}",
            "data": {"order_id": self.order_id, "key": self.key, "standing": standing},
        }

    @property
    def shown(self) -> dict[str, Any]:
        """It as it is answered."""
        return {
            "order_id": self.order_id,
            "key": self.key,
            **self.content._asdict(),
            "standing": self.standing,
            "reason": self.reason,
            "goods": self.goods if self.goods and self.standing == "delivered" else None,
            "charge": self.charge if self.standing in ("delivered", "reversed") else None,
        }

    def becoming(self, standing: str, reason: str = "") -> "Order":
        """It as it stands from now on. Raises WrongStandingError."""
        if standing not in _FOLLOWING.get(self.standing, ()):
            raise WrongStandingError(f"it is {self.standing}")
        return replace(self, standing=standing, reason=reason, history=(*self.history, standing))


_FOLLOWING: Final = {"pending": ("delivered", "failed", "cancelled"), "delivered": ("reversed",)}


@dataclass
class Told:
    """What it was told: what becomes of the next orders, one after the other, and of all others."""

    always: Behaviour = Behaviour.DELIVER
    following: deque[Behaviour] = field(default_factory=deque)
    hooks: Hooks = Hooks.AFTER
    cancels: Cancels = Cancels.KEEP
    hang_seconds: float = 60.0
    #: What it charges beyond its price, and what it keeps when it takes something back: in minor units.
    surcharge_minor: int = 0
    kept_minor: int = 0
    #: Whether it says what it refunds of what it takes back.
    says_refunds: bool = True

    def next(self) -> Behaviour:
        """What becomes of the order that is placed now."""
        return self.following.popleft() if self.following else self.always


class Shop:
    """The orders of one sandbox, in memory; they end with it."""

    def __init__(self) -> None:
        self.told = Told()
        self.exchange = Exchange()
        self.till = Till()
        self.products: Sequence[dict[str, Any]] = PRODUCTS
        self._by_key: dict[str, Order] = {}
        self._by_id: dict[str, str] = {}
        #: How often each key was placed; what shows that an order was placed again and not made twice.
        self.placed: dict[str, int] = {}

    @property
    def orders(self) -> Sequence[Order]:
        """All orders, the newest last."""
        return list(self._by_key.values())

    def price(self, content: Content) -> Price:
        """What it costs in minor units of its own currency. Raises NoProductError."""
        for product in self.products:
            if (product["product_id"], product["currency"]) != (content.product_id, content.currency):
                continue
            faces, face = product["faces"], content.face_minor
            if face in faces or (not faces and product["min_minor"] <= face <= product["max_minor"]):
                fee = -(-face * product["fee_basis_points"] // 10_000)
                return Price(face, fee, face * product["discount_basis_points"] // 10_000)
            raise NoProductError("the product does not come in that value")
        raise NoProductError("there is no such product in that currency")

    def charge(self, content: Content) -> dict[str, Any]:
        """What it costs without a quote: in its own currency. Raises NoProductError."""
        price = self.price(content)
        return {
            "currency": content.currency,
            "total_minor": price.face_minor + price.fee_minor - price.discount_minor,
            "fee_minor": price.fee_minor,
            "discount_minor": price.discount_minor,
            "refunded_minor": None,
        }

    def place(
        self, key: str, content: Content, standing: str, reason: str = "", *, at: Quote | None = None
    ) -> tuple[Order, bool]:
        """The order under a key, at a quote or at its price, and whether it is new.

        Raises OtherContentError, FullError and NoProductError.
        """
        self.placed[key] = self.placed.get(key, 0) + 1
        known = self._by_key.get(key)
        if known is not None:
            if known.content != content:
                raise OtherContentError
            return known, False
        if len(self._by_key) >= KEPT_MAX_COUNT:
            raise FullError
        goods = {"code": f"SANDBOX-{secrets.token_hex(8).upper()}", "pin": None, "expires_on": None}
        charge = self.charge(content) if at is None else at.charge
        charge["total_minor"] += self.told.surcharge_minor
        order = Order(str(uuid4()), key, content, standing, reason, goods, (standing,), charge)
        self._put(order)
        return order, True

    def put_other(self, key: str, content: Content) -> None:
        """Have another order under a key than will be placed."""
        other = content._replace(face_minor=content.face_minor + 1)
        self._put(Order(str(uuid4()), key, other, "delivered", "", {}, ("delivered",)))

    def find(self, order_id: str) -> Order | None:
        """An order by its id."""
        key = self._by_id.get(order_id)
        return None if key is None else self._by_key[key]

    def find_by_key(self, key: str) -> Order | None:
        """An order by the key of whoever placed it."""
        return self._by_key.get(key)

    def change(self, order: Order, standing: str, reason: str = "") -> Order:
        """Have an order stand otherwise. Raises WrongStandingError."""
        changed = order.becoming(standing, reason)
        if standing == "reversed" and order.charge is not None and self.told.says_refunds:
            refunded = max(0, order.charge["total_minor"] - self.told.kept_minor)
            changed = replace(changed, charge=order.charge | {"refunded_minor": refunded})
        self._put(changed)
        return changed

    def _put(self, order: Order) -> None:
        self._by_key[order.key] = order
        self._by_id[order.order_id] = order.key
