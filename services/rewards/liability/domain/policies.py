"""What a point is worth in the books and how many are expected to be used: entries that apply from a day on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

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


class PolicyState(StrEnum):
    """What has become of a policy entry."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class Author(NamedTuple):
    """Who did it, by which name then and which credential."""

    person_id: str | None
    name: str
    credential: str


class UnknownPolicyError(Exception):
    """There is no such policy entry."""


class PolicyFourEyesError(Exception):
    """Who proposed it does not approve it; `proposed_by` is their name."""

    def __init__(self, proposed_by: str) -> None:
        super().__init__(proposed_by)
        self.proposed_by = proposed_by


class PolicyDecidedError(Exception):
    """It is not in a state for that; the message says in which, or why who proposed it does not count any more."""


class OtherCurrencyError(Exception):
    """The books of points are kept in another `currency` already."""

    def __init__(self, currency: str) -> None:
        super().__init__(currency)
        self.currency = currency


class TooManyPoliciesError(Exception):
    """As many entries wait for another person as may, which is `max_count`."""

    def __init__(self, max_count: int) -> None:
        super().__init__(max_count)
        self.max_count = max_count


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
    state: PolicyState
    proposed_at: datetime
    proposed_by: Author
    decided_at: datetime | None = None
    decided_by: Author | None = None

    @property
    def place(self) -> PolicyPlace:
        """Where it stands among the entries."""
        return PolicyPlace(self.proposed_at, self.policy_id)

    def approved(self, *, by: Author, now: datetime) -> "Policy":
        """The entry as another person approves it.

        Raises PolicyFourEyesError when `by` proposed it, and PolicyDecidedError when it was withdrawn.
        """
        if self.proposed_by.person_id is None or self.proposed_by.person_id == by.person_id:
            raise PolicyFourEyesError(self.proposed_by.name)
        return self._decided(PolicyState.APPROVED, by=by, now=now)

    def withdrawn(self, *, by: Author, now: datetime) -> "Policy":
        """The entry as it never comes into force. Raises PolicyDecidedError when it was approved."""
        return self._decided(PolicyState.WITHDRAWN, by=by, now=now)

    def _decided(self, state: PolicyState, *, by: Author, now: datetime) -> "Policy":
        if self.state is state:
            return self
        if self.state is not PolicyState.PROPOSED:
            raise PolicyDecidedError(f"it is {self.state}")
        return replace(self, state=state, decided_at=now, decided_by=by)


class Policies:
    """Approved entries of a community: on a day the latest that had begun applies, of two the later approved."""

    def __init__(self, approved: Sequence[Policy]) -> None:
        self._entries = sorted(approved, key=_order)

    def on(self, day: date) -> Policy:
        """The entry that applies on a day. Raises NoPolicyError where none does."""
        found = [policy for policy in self._entries if policy.terms.effective_from <= day]
        if not found:
            raise NoPolicyError(day)
        return found[-1]

    def first_on(self, day: date) -> Policy:
        """The entry that applies on a day, or the first one where the day is before all of them."""
        try:
            return self.on(day)
        except NoPolicyError:
            if not self._entries:
                raise
            return self._entries[0]


def _order(policy: Policy) -> tuple[date, datetime, str]:
    return policy.terms.effective_from, policy.decided_at or policy.proposed_at, policy.policy_id
