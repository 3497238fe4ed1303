"""What a point is worth in the books and how many are expected to be used: entries that apply from a day on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from services.rewards.approvals.domain import Approval, in_force, in_order
from shared.contracts.fields import Timestamp, Uuid

#: Digits after the point that a rate and an expectation are written with.
RATE_DECIMALS = 9
EXPECTED_DECIMALS = 6


class Basis(StrEnum):
    """What a point's rate is: what using it costs, or what was deferred when it was earned (IFRS 15, B39-B42)."""

    COST = "cost"
    DEFERRAL = "deferral"


class Estimate(StrEnum):
    """What says how many of the points that are left will be used: the policy's rate, or the chain ladder."""

    RATE = "rate"
    LADDER = "ladder"


class VintageUnit(StrEnum):
    """What points that were earned together are: those of a calendar month, or of a year."""

    MONTH = "month"
    YEAR = "year"

    def first_of(self, day: date) -> date:
        """The first day of the vintage that a day is in."""
        return day.replace(day=1) if self is VintageUnit.MONTH else day.replace(month=1, day=1)

    def before(self, first: date, count: int) -> date:
        """The first day of the vintage so many before (below 0: after) the one that begins on `first`."""
        if self is VintageUnit.YEAR:
            return date(first.year - count, 1, 1)
        months = first.year * 12 + first.month - 1 - count
        return date(months // 12, months % 12 + 1, 1)


class UnknownPolicyError(Exception):
    """There is no such policy entry."""


class OtherCurrencyError(Exception):
    """The books of points are kept in another `currency` already."""

    def __init__(self, currency: str) -> None:
        super().__init__(currency)
        self.currency = currency


class NoPolicyError(Exception):
    """No policy entry applies on `day`: nothing says what a point is worth."""

    def __init__(self, day: date) -> None:
        super().__init__(day)
        self.day = day


class PolicyPlace(NamedTuple):
    """Where a policy entry stands in the list of them: the newest first."""

    proposed_at: Timestamp
    policy_id: Uuid


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """What a policy entry says, from `effective_from` on in the community's zone.

    `minor_per_point` is what a point is worth in minor units of `currency`, `expected_redemption` (0 to 1) which
    part of the points that are left will be used where the chain ladder does not say.
    """

    effective_from: date
    currency: str
    basis: Basis
    minor_per_point: Decimal
    estimate: Estimate
    expected_redemption: Decimal
    vintage_unit: VintageUnit

    @property
    def rate(self) -> Fraction:
        """Minor units a point, exactly."""
        return Fraction(self.minor_per_point)

    @property
    def expected(self) -> Fraction:
        """Which part of points is expected to be used, exactly."""
        return Fraction(self.expected_redemption)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy entry: proposed by one person, and in force once another approved it."""

    community: str
    policy_id: str
    terms: PolicyTerms
    approval: Approval

    @property
    def entry_id(self) -> str:
        """Its id."""
        return self.policy_id

    @property
    def effective_from(self) -> date:
        """The first day on which it applies."""
        return self.terms.effective_from

    @property
    def place(self) -> PolicyPlace:
        """Where it stands among the entries."""
        return PolicyPlace(self.approval.proposed_at, self.policy_id)


class Policies:
    """Approved entries of a community: on a day the latest that had begun applies, of two the later approved."""

    def __init__(self, approved: Sequence[Policy]) -> None:
        self._entries = in_order(approved)

    def on(self, day: date) -> Policy:
        """The entry that applies on a day. Raises NoPolicyError where none does."""
        found = in_force(self._entries, day)
        if found is None:
            raise NoPolicyError(day)
        return found

    def first_on(self, day: date) -> Policy:
        """The entry that applies on a day, or the first one where the day is before all of them."""
        try:
            return self.on(day)
        except NoPolicyError:
            if not self._entries:
                raise
            return self._entries[0]
