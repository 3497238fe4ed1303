"""What is asked of any provider of goods, and what may come of it: the one contract that all of them fulfil."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from shared.contracts.fields import MINOR_UNITS_MAX
from shared.currencies import is_known


class ProviderName(StrEnum):
    """The providers that there are."""

    SANDBOX = "sandbox"
    XOXODAY = "xoxoday"
    TREMENDOUS = "tremendous"
    PAYPAL = "paypal"
    WISE = "wise"
    STRIPE = "stripe"


#: Those that have gift cards, and those that pay out.
OF_GOODS: Final = frozenset({ProviderName.SANDBOX, ProviderName.XOXODAY, ProviderName.TREMENDOUS})
PAYING_OUT: Final = frozenset({ProviderName.SANDBOX, ProviderName.PAYPAL, ProviderName.WISE, ProviderName.STRIPE})


class Card(NamedTuple):
    """A gift card: whose, which of their products, and what it is worth, in minor units."""

    provider: ProviderName
    product_id: str
    face_minor: int
    currency: str


class Product(NamedTuple):
    """A gift card that a provider has: `faces` are the values it comes in; empty: any from `min` to `max`."""

    product_id: str
    name: str
    currency: str
    countries: Sequence[str]
    faces: Sequence[int]
    min_minor: int
    max_minor: int
    #: What the provider takes beside, and leaves off, in hundredths of a percent of the value.
    fee_basis_points: int = 0
    discount_basis_points: int = 0
    #: How long a delivery takes in days, and how long the card is valid, in the provider's words.
    delivery_days: int = 0
    validity: str = ""

    def has_face(self, face_minor: int) -> bool:
        """Whether it comes in that value."""
        if self.faces:
            return face_minor in self.faces
        return self.min_minor <= face_minor <= self.max_minor


class Quote(NamedTuple):
    """What a card costs at a provider: `cost_minor` of `cost_currency`, with its fee and without its discount.

    `source` says by what of theirs. It holds until `expires_at` (None: not said). An order is placed at it by
    `reference`; without one the provider quotes, and charges what holds when it is ordered. `rate` is in units of
    the card's currency that a unit of `cost_currency` is, before the spread.
    """

    card: Card
    cost_minor: int
    cost_currency: str
    source: str
    quoted_at: datetime
    expires_at: datetime | None
    reference: str | None = None
    rate: Decimal = Decimal(1)
    spread_basis_points: int = 0
    fee_minor: int = 0
    discount_minor: int = 0

    def is_over(self, now: datetime) -> bool:
        """Whether nothing is ordered at it any more."""
        return self.expires_at is not None and now >= self.expires_at


class Wanted(NamedTuple):
    """An order to place, at a quote where there is one. By its `key` the provider knows it when it comes again."""

    key: str
    card: Card
    quote: Quote | None = None


class Goods(NamedTuple):
    """What somebody needs to use a card: a code or a link, and its pin. It is in no log, fact or error."""

    code: str
    pin: str | None = None
    #: The last day on which it can be used; None where it is not said.
    expires_on: date | None = None

    def __repr__(self) -> str:
        return "Goods(…)"


class Charge(NamedTuple):
    """What a provider says that it charged for an order, in minor units: in all, with its fee, less its discount.

    `refunded_minor` is what it gave back of that; None where it does not say.
    """

    currency: str
    total_minor: int
    fee_minor: int = 0
    discount_minor: int = 0
    refunded_minor: int | None = None

    @property
    def is_possible(self) -> bool:
        """Whether it can be booked: a currency of ISO 4217, not points, and amounts that accounts can have."""
        amounts = (self.total_minor, self.fee_minor, self.discount_minor, self.refunded_minor or 0)
        return is_known(self.currency) and all(
            isinstance(one, int) and 0 <= one <= MINOR_UNITS_MAX for one in amounts
        )


class Standing(StrEnum):
    """How an order stands at its provider."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    #: It was delivered, and taken back by the provider.
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider says of an order: by which `reference` it knows it, how it stands, and why.

    `card` is what was ordered under the key, as far as the provider says it: it is compared with what was wanted.
    """

    reference: str
    standing: Standing
    goods: Goods | None = None
    reason: str = ""
    product_id: str | None = None
    face_minor: int | None = None
    currency: str | None = None
    #: What it charged; None where it does not say, or says what cannot be.
    charge: Charge | None = None

    def differs_from(self, card: Card) -> str | None:
        """Which part of the order is another than what was wanted; None where none is."""
        said = (self.product_id, self.face_minor, self.currency)
        wanted = (card.product_id, card.face_minor, card.currency)
        names = ("product", "value", "currency")
        for name, theirs, ours in zip(names, said, wanted, strict=True):
            if theirs is not None and theirs != ours:
                return name
        return None


class Hint(NamedTuple):
    """What a webhook is about: an order, by the provider's `reference` or by our `key`; what is so is asked."""

    hint_id: str
    reference: str | None = None
    key: str | None = None


class RefusedError(Exception):
    """The provider refuses for good: nothing was ordered, and asking again would not help."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LaterError(Exception):
    """Nothing was ordered now, and it may be tried again, after `after_seconds` where the provider says so."""

    def __init__(self, reason: str, after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_seconds = after_seconds


class QuoteEndedError(Exception):
    """The quote that something was to be ordered at holds no more: nothing was ordered."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownOutcomeOfOrderError(Exception):
    """Nobody knows whether the provider did what it was asked: it has to be asked for what is so."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OtherOrderError(Exception):
    """The provider has another order under the key: `part` of it differs. Somebody has to look at it."""

    def __init__(self, part: str) -> None:
        super().__init__(f"the order under this key has another {part}")
        self.part = part


class ForgedError(Exception):
    """A webhook is not the provider's: it has no signature by a secret that is in force."""


class StaleError(Exception):
    """A webhook was signed too long ago, or in the future."""


class Webhook(NamedTuple):
    """A webhook as it came: headers by their names in lower case, and the bytes that were signed."""

    headers: Mapping[str, str]
    body: bytes


class Provider(Protocol):
    """A provider of goods, for one account there.

    Each may raise LaterError. `order` raises RefusedError where nothing was ordered for good, OtherOrderError
    where the key has another order, QuoteEndedError where it is wanted at a quote that is over, and
    UnknownOutcomeOfOrderError where nobody knows: then `query` says what is so, and the same order may be placed
    again under its key.
    """

    async def products(self) -> Sequence[Product]:
        """The gift cards that the account can order."""
        ...

    async def quote(self, card: Card, *, pay_in: str, now: datetime) -> Quote:
        """What a card costs in the currency that is paid in.

        Raises RefusedError where the provider does not have it in that value, or does not quote in that currency.
        """
        ...

    async def order(self, wanted: Wanted) -> Answer:
        """Place an order under its key; one that was placed before is the answer again."""
        ...

    async def query(self, wanted: Wanted, *, reference: str | None) -> Answer | None:
        """How an order stands; None where the provider knows none under the key."""
        ...

    async def cancel(self, wanted: Wanted, *, reference: str) -> Answer:
        """Cancel an order, where the provider still can: how it stands after that is the answer."""
        ...

    def parse_webhook(self, webhook: Webhook, *, now: datetime) -> Hint | None:
        """Which order a webhook is about; None for one about something else.

        Raises ForgedError and StaleError, and KeyError, TypeError or ValueError for what is no webhook of theirs.
        """
        ...
