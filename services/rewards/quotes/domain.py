"""Quotes: what a gift card costs in points while the rate that it was computed at holds."""

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from services.rewards.providers.domain.contract import Card, Quote
from services.rewards.rates.domain.converting import Conversion, TooLargeError
from shared.contracts.fields import MINOR_UNITS_MAX, POINTS_MAX

#: Rates are kept to twelve digits behind the point.
RATE_STEP: Final = Decimal(1).scaleb(-12)


class QuoteNeededError(Exception):
    """The price of a reward follows a rate: it is chosen at a quote. `current` is the one in force, if any."""

    def __init__(self, reward_id: str, current: "CardQuote | None") -> None:
        super().__init__(reward_id)
        self.reward_id = reward_id
        self.current = current


class QuoteOverError(Exception):
    """A quote holds no more, or there never was one. `current` is the one in force, if any."""

    def __init__(self, reward_id: str, current: "CardQuote | None") -> None:
        super().__init__(reward_id)
        self.reward_id = reward_id
        self.current = current


class UnpricedError(Exception):
    """What a card costs cannot be said in points: the message says why."""


class OtherCurrencyError(Exception):
    """A provider quotes in another currency than it was asked for."""


class DearerError(Exception):
    """Asked again, a provider wants more for a card than may be paid beyond its quote of before."""


class Follows(StrEnum):
    """What the price of a card follows: the community's exchange rates, or what its provider quotes."""

    RATES = "rates"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class RatePrice:
    """How the price of a card follows a rate: it costs `currency`, of which a point is worth `minor_per_point`."""

    currency: str
    minor_per_point: Decimal
    follows: Follows = Follows.RATES

    def points(self, cost_minor: int) -> int:
        """What a cost takes in points, rounded up. Raises UnpricedError for more than anybody may have."""
        points = math.ceil(Fraction(cost_minor) / Fraction(self.minor_per_point))
        if points > POINTS_MAX:
            raise UnpricedError("it costs more points than anybody may have")
        return points


@dataclass(frozen=True, slots=True)
class RateOrigin:
    """Where the rate of a quote comes from: a policy, and of which file and day."""

    policy_id: str
    sheet_id: str | None
    source: str
    day: date


@dataclass(frozen=True, slots=True)
class CardQuote:
    """What a card costs until `expires_at`: `cost_minor` of the price's currency, and `points`.

    The rate is that of `conversion`, from the price's currency into the card's; `origin` is None where they are
    one, and where its provider quoted it: then `offered` is what that said.
    """

    community: str
    reward_id: str
    quote_id: str
    card: Card
    price: RatePrice
    conversion: Conversion
    origin: RateOrigin | None
    cost_minor: int
    points: int
    quoted_at: datetime
    expires_at: datetime
    offered: Quote | None = None

    def holds(self, card: Card | None, now: datetime) -> bool:
        """Whether it may be redeemed at: not over yet, and of the card that the reward is."""
        return now < self.expires_at and card == self.card


def quoted_by_provider(
    offered: Quote, price: RatePrice, *, community: str, reward_id: str, quote_id: str, lifetime: timedelta
) -> CardQuote:
    """What a card costs by its provider's word: for a `lifetime`, or until that is over, whichever comes first.

    Raises OtherCurrencyError, UnpricedError, and TooLargeError for more than any amount may be.
    """
    card = offered.card
    if offered.cost_currency != price.currency:
        raise OtherCurrencyError(offered.cost_currency)
    if not 0 < offered.cost_minor <= MINOR_UNITS_MAX:
        raise TooLargeError(price.currency)
    rate = offered.rate.quantize(RATE_STEP)
    if not rate > 0:
        raise UnpricedError("its rate is finer than any that is kept")
    if offered.is_over(offered.quoted_at):
        raise UnpricedError("its quote was over when it came")
    ends = offered.quoted_at + lifetime
    return CardQuote(
        community=community,
        reward_id=reward_id,
        quote_id=quote_id,
        card=card,
        price=price,
        conversion=Conversion(
            price.currency, card.currency, Decimal(1), rate, spread_basis_points=offered.spread_basis_points
        ),
        origin=None,
        cost_minor=offered.cost_minor,
        points=price.points(offered.cost_minor),
        quoted_at=offered.quoted_at,
        expires_at=ends if offered.expires_at is None else min(ends, offered.expires_at),
        offered=offered,
    )


def check_not_dearer(again: Quote, before: Quote, *, max_percent: int) -> None:
    """Raises DearerError where a quote that was asked for again is in another currency, or too far above."""
    most = before.cost_minor * (100 + max_percent)
    if again.cost_currency != before.cost_currency or again.cost_minor * 100 > most:
        raise DearerError(
            f"it wants {again.cost_minor} {again.cost_currency} minor units now, "
            f"and quoted {before.cost_minor} {before.cost_currency}"
        )
