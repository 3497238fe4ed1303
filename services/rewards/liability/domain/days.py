"""Days that were taken: what points were worth at their ends, how that moved, and what a lot is worth by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from services.rewards.liability.domain.moving import Movement, Rates, Standing, moved_in_all, together
from services.rewards.liability.domain.policies import Policy, VintageUnit
from services.rewards.liability.domain.valuing import Caution, Liability, VintageLiability
from shared.contracts.fields import LocalDay, Uuid


class UnknownDayError(Exception):
    """That `day` was not taken, or (None) no day was yet."""

    def __init__(self, day: date | None) -> None:
        super().__init__(day)
        self.day = day


class DayPlace(NamedTuple):
    """Where a page of days ended."""

    day: LocalDay


class LotPlace(NamedTuple):
    """Where a page of lots ended."""

    award_id: Uuid


@dataclass(frozen=True, slots=True)
class DaySums:
    """What all vintages of a day come to."""

    day: date
    taken_at: datetime
    currency: str
    policy_id: str
    issued: int
    redeemed: int
    expired: int
    outstanding: int
    still_expected: Fraction
    liability_minor: int
    full_minor: int

    @property
    def place(self) -> DayPlace:
        """Where it stands among the days."""
        return DayPlace(self.day)


@dataclass(frozen=True, slots=True)
class TakenDay:
    """What points were worth at the end of a day, as it was booked when it was taken."""

    day: date
    taken_at: datetime
    policy_id: str
    vintage_unit: VintageUnit
    vintages: Sequence[VintageLiability]
    error_points: Decimal | None
    cautions: Sequence[Caution]

    def under(self, policy: Policy) -> Liability:
        """It as a liability, by the policy entry that it was computed by."""
        return Liability(self.day, policy, self.vintages, self.error_points, self.cautions)

    @property
    def outstanding(self) -> int:
        """Points of all vintages that were left, less what members owe: as many as the ledger has."""
        return sum(one.figures.issued - one.figures.redeemed - one.figures.expired for one in self.vintages)

    @property
    def standings(self) -> dict[date, Standing]:
        """How each vintage stood."""
        return {
            one.figures.vintage: Standing(
                one.figures.issued,
                one.figures.redeemed,
                one.figures.expired,
                one.still_expected,
                one.liability_minor,
            )
            for one in self.vintages
        }


def movement(opening: TakenDay | None, closing: TakenDay, *, policy: Policy) -> Movement:
    """How what is owed moved to a day from another, or from nothing; `policy` is that of the later day."""
    terms = policy.terms
    after, before = closing.standings, {} if opening is None else opening.standings
    sure = {
        one.figures.vintage: one.minor_per_point
        for one in (*(opening.vintages if opening else ()), *closing.vintages)
    }
    if opening is not None and opening.vintage_unit is not closing.vintage_unit:
        # Months and years are no common vintages: all together are one.
        whole = closing.day
        after, before = {whole: together(list(after.values()))}, {whole: together(list(before.values()))}
        sure = {whole: terms.minor_per_point}
    rates: Mapping[date, Rates] = {
        vintage: Rates(terms.basis, Fraction(per_point), terms.expected) for vintage, per_point in sure.items()
    }
    return moved_in_all(before, after, rates=rates)


@dataclass(frozen=True, slots=True)
class UnitWorth:
    """What a point that is left of a vintage is worth, in minor units, and when the vintage starts."""

    vintage: date
    starts_at: datetime
    expected: Fraction
    minor: Fraction

    @classmethod
    def of(cls, one: VintageLiability, *, starts_at: datetime) -> "UnitWorth":
        """The worth of each point that was left of a vintage."""
        left = one.figures.outstanding
        expected, minor = (
            (one.still_expected / left, Fraction(one.liability_minor, left)) if left else (Fraction(0),) * 2
        )
        return cls(one.figures.vintage, starts_at, expected, minor)


@dataclass(frozen=True, slots=True)
class LotWorth:
    """A lot with points left, and what a point of its vintage is worth."""

    award_id: str
    member_id: str
    points: int
    remaining: int
    earned_at: datetime
    expires_at: datetime | None
    is_pending: bool
    worth: UnitWorth

    @property
    def place(self) -> LotPlace:
        """Where it stands among the lots."""
        return LotPlace(self.award_id)

    @property
    def still_expected(self) -> Fraction:
        """How many of its points are expected to be used."""
        return self.remaining * self.worth.expected

    @property
    def liability_minor(self) -> int:
        """What they are worth, in minor units."""
        return round(self.remaining * self.worth.minor)
