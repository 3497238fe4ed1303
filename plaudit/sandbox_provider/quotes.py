"""What the sandbox's cards cost, also in other currencies: quoted for a while, and ordered at the quote."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple
from uuid import uuid4

from shared.currencies import exponent

QUOTES_MAX_COUNT: Final = 100_000
QUOTE_SECONDS: Final = 900.0
#: Units of each currency that a euro is, and what is put on what is taken, in hundredths of a percent.
RATES: Final[Mapping[str, Decimal]] = {
    "EUR": Decimal(1),
    "USD": Decimal("1.0956"),
    "GBP": Decimal("0.8532"),
    "JPY": Decimal("163.21"),
    "KWD": Decimal("0.3358"),
}
SPREAD_BASIS_POINTS: Final = 100
_WHOLE: Final = 10_000


class NoRateError(Exception):
    """It has no rate for a currency."""


class QuoteOverError(Exception):
    """A quote is over, was used by another order, or never was."""


class OtherQuoteError(Exception):
    """A quote is of another card than what is ordered."""


class Content(NamedTuple):
    """What is quoted and ordered."""

    product_id: str
    face_minor: int
    currency: str


class Price(NamedTuple):
    """What a card costs in minor units of its own currency: its value, with a fee, less a discount."""

    face_minor: int
    fee_minor: int
    discount_minor: int


class Quote(NamedTuple):
    """What a card costs until `expires_at`, in minor units of `currency`."""

    quote_id: str
    content: Content
    currency: str
    total_minor: int
    fee_minor: int
    discount_minor: int
    #: Units of the card's currency that a unit of `currency` is, without the spread.
    rate: Decimal
    spread_basis_points: int
    expires_at: datetime

    @property
    def shown(self) -> dict[str, Any]:
        """It as it is answered."""
        return {
            "quote_id": self.quote_id,
            "cost_minor": self.total_minor,
            "cost_currency": self.currency,
            "fee_minor": self.fee_minor,
            "discount_minor": self.discount_minor,
            "rate": f"{self.rate:f}",
            "spread_basis_points": self.spread_basis_points,
            "expires_at": self.expires_at.isoformat(),
        }

    @property
    def charge(self) -> dict[str, Any]:
        """What an order at it is charged."""
        return {
            "currency": self.currency,
            "total_minor": self.total_minor,
            "fee_minor": self.fee_minor,
            "discount_minor": self.discount_minor,
            "refunded_minor": None,
        }


@dataclass
class Exchange:
    """The rates of one sandbox and the quotes that it gave, in memory; they end with it."""

    rates: Mapping[str, Decimal] = field(default_factory=lambda: dict(RATES))
    spread_basis_points: int = SPREAD_BASIS_POINTS
    quote_seconds: float = QUOTE_SECONDS
    _quotes: dict[str, Quote] = field(default_factory=dict)

    def quote(self, content: Content, price: Price, *, pay_in: str, now: datetime) -> Quote:
        """Quote a card in a currency: what is taken is rounded up, what is left off down. Raises NoRateError."""
        rate, share = Fraction(1), Fraction(1)
        if pay_in != content.currency:
            rate = Fraction(self._units(content.currency)) / Fraction(self._units(pay_in))
            share = Fraction(_WHOLE + self.spread_basis_points, _WHOLE)
        scale = Fraction(10) ** (exponent(pay_in) - exponent(content.currency)) * share / rate
        fee, discount = math.ceil(price.fee_minor * scale), math.floor(price.discount_minor * scale)
        quote = Quote(
            quote_id=str(uuid4()),
            content=content,
            currency=pay_in,
            total_minor=math.ceil(price.face_minor * scale) + fee - discount,
            fee_minor=fee,
            discount_minor=discount,
            rate=_decimal(rate),
            spread_basis_points=0 if pay_in == content.currency else self.spread_basis_points,
            expires_at=now + timedelta(seconds=self.quote_seconds),
        )
        while len(self._quotes) >= QUOTES_MAX_COUNT:
            del self._quotes[next(iter(self._quotes))]
        self._quotes[quote.quote_id] = quote
        return quote

    def taken(self, quote_id: str, content: Content, *, now: datetime) -> Quote:
        """A quote that is ordered at. Raises QuoteOverError and OtherQuoteError."""
        quote = self._quotes.get(quote_id)
        if quote is None or now >= quote.expires_at:
            raise QuoteOverError("the quote is over")
        if quote.content != content:
            raise OtherQuoteError("the quote is of another card")
        return quote

    def _units(self, currency: str) -> Decimal:
        if currency not in self.rates:
            raise NoRateError(f"the sandbox has no rate for {currency}")
        return self.rates[currency]


def _decimal(rate: Fraction) -> Decimal:
    """A rate to twelve digits behind the point, without zeros at its end."""
    found = (Decimal(rate.numerator) / Decimal(rate.denominator)).quantize(Decimal(1).scaleb(-12))
    return found.normalize() if found != found.to_integral_value() else found.quantize(Decimal(1))
