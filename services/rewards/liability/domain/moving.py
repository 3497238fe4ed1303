"""How what is owed moved from one day to another: earned, used, expired, and what the estimate changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from services.rewards.liability.domain.policies import Basis


@dataclass(frozen=True, slots=True)
class Standing:
    """Points of a vintage (or of all) as they stood on a day, and what they were worth then, in minor units."""

    issued: int = 0
    redeemed: int = 0
    expired: int = 0
    still_expected: Fraction = Fraction(0)
    liability_minor: int = 0

    def plus(self, other: "Standing") -> "Standing":
        """Both together."""
        return Standing(
            self.issued + other.issued,
            self.redeemed + other.redeemed,
            self.expired + other.expired,
            self.still_expected + other.still_expected,
            self.liability_minor + other.liability_minor,
        )


@dataclass(frozen=True, slots=True)
class Rates:
    """What a point is worth on the later day, how many are expected to be used, and what the worth is."""

    basis: Basis
    minor_per_point: Fraction
    expected: Fraction


@dataclass(frozen=True, slots=True)
class Movement:
    """How what is owed moved, in minor units; `earned` and `used` in points and money, `expired` in points alone.

    `opening_minor` + `earned_minor` + `used_minor` + `estimate_minor` = `closing_minor`. The estimate's part is
    what another expectation, rate or breakage did: it is caught up in this time, and what was before stays.
    """

    opening_minor: int = 0
    earned_points: int = 0
    earned_minor: int = 0
    used_points: int = 0
    used_minor: int = 0
    expired_points: int = 0
    estimate_minor: int = 0
    closing_minor: int = 0

    def plus(self, other: "Movement") -> "Movement":
        """Both together."""
        return Movement(
            self.opening_minor + other.opening_minor,
            self.earned_points + other.earned_points,
            self.earned_minor + other.earned_minor,
            self.used_points + other.used_points,
            self.used_minor + other.used_minor,
            self.expired_points + other.expired_points,
            self.estimate_minor + other.estimate_minor,
            self.closing_minor + other.closing_minor,
        )


def moved(opening: Standing, closing: Standing, *, rates: Rates) -> Movement:
    """How what is owed for a vintage moved.

    By cost, what is used takes its cost along. What was deferred is released in proportion to what was expected
    to be used when the time began, or when it was earned since.
    """
    earned, used = closing.issued - opening.issued, closing.redeemed - opening.redeemed
    worth = rates.minor_per_point if rates.basis is Basis.DEFERRAL else rates.minor_per_point * rates.expected
    earned_minor = round(earned * worth)
    if rates.basis is Basis.COST:
        used_minor = -round(used * rates.minor_per_point)
    else:
        expected = opening.still_expected + earned * rates.expected
        owed = opening.liability_minor + earned * worth
        used_minor = -round(used * owed / expected) if expected > 0 else 0
    return Movement(
        opening_minor=opening.liability_minor,
        earned_points=earned,
        earned_minor=earned_minor,
        used_points=used,
        used_minor=used_minor,
        expired_points=closing.expired - opening.expired,
        estimate_minor=closing.liability_minor - opening.liability_minor - earned_minor - used_minor,
        closing_minor=closing.liability_minor,
    )


def moved_in_all(
    opening: Mapping[date, Standing], closing: Mapping[date, Standing], *, rates: Mapping[date, Rates]
) -> Movement:
    """How what is owed for all vintages moved; `rates` has those of the later day."""
    total = Movement()
    for vintage in sorted({*opening, *closing}):
        before, after = opening.get(vintage, Standing()), closing.get(vintage, Standing())
        total = total.plus(moved(before, after, rates=rates[vintage]))
    return total


def together(standings: Sequence[Standing]) -> Standing:
    """All of them as one."""
    total = Standing()
    for standing in standings:
        total = total.plus(standing)
    return total
