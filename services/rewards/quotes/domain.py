"""Quotes: what a gift card costs in points while the rate that it was computed at holds."""

import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from services.rewards.providers.domain.contract import Card
from services.rewards.rates.domain.converting import Conversion
from shared.contracts.fields import POINTS_MAX


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


@dataclass(frozen=True, slots=True)
class RatePrice:
    """How the price of a card follows a rate: it costs `currency`, of which a point is worth `minor_per_point`."""

    currency: str
    minor_per_point: Decimal

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
    one.
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

    def holds(self, card: Card | None, now: datetime) -> bool:
        """Whether it may be redeemed at: not over yet, and of the card that the reward is."""
        return now < self.expires_at and card == self.card
