"""By which rates amounts are converted: entries that two people decide, and what is in force of them on a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from services.rewards.approvals.domain import Approval, Author
from services.rewards.rates.domain.converting import (
    WHOLE_BASIS_POINTS,
    Conversion,
    NoRateError,
    conversion,
)
from shared.contracts.fields import Timestamp, Uuid


class RateSource(StrEnum):
    """Where rates come from: the policy's own table, or the newest file of a central bank within its bounds."""

    TABLE = "table"
    FILE = "file"


class UnknownRatePolicyError(Exception):
    """There is no such policy entry."""


class TooManyRateSheetsError(Exception):
    """As many files were taken within a day as may be, which is `max_count`."""

    def __init__(self, max_count: int) -> None:
        super().__init__(max_count)
        self.max_count = max_count


class NoRatePolicyError(Exception):
    """No policy entry applies on `day`, or none that takes files: the message says which is missing."""

    def __init__(self, day: date, missing: str) -> None:
        super().__init__(missing)
        self.day = day


class StaleRatesError(Exception):
    """The rates are of a `day` longer ago than the policy's `max_age_days`; None where there is no file yet."""

    def __init__(self, day: date | None, max_age_days: int) -> None:
        super().__init__(day, max_age_days)
        self.day = day
        self.max_age_days = max_age_days


class RateMovedError(Exception):
    """A file has a rate for `currency` that is further from the policy's than its `max_move_basis_points`."""

    def __init__(self, currency: str, *, units: Decimal, approved: Decimal, max_move_basis_points: int) -> None:
        super().__init__(currency)
        self.currency = currency
        self.units = units
        self.approved = approved
        self.max_move_basis_points = max_move_basis_points


class RatePolicyPlace(NamedTuple):
    """Where a policy entry stands in the list of them: the newest first."""

    proposed_at: Timestamp
    policy_id: Uuid


class RateSheetPlace(NamedTuple):
    """Where a file stands in the list of them: that of the newest day first."""

    day: date
    taken_at: Timestamp
    sheet_id: Uuid


@dataclass(frozen=True, slots=True)
class RatePolicyTerms:
    """What a policy entry says, from `effective_from` on in the community's zone.

    `units` are whole units of each currency that one unit of `base` is. With the source `file` they are what files
    are compared with: a rate further away than `max_move_basis_points` is not taken, whoever sent the file. A
    table is of the day from which it applies.
    """

    effective_from: date
    base: str
    source: RateSource
    units: Mapping[str, Decimal]
    max_move_basis_points: int
    spread_basis_points: int
    max_age_days: int

    def check_move(self, currency: str, units: Decimal) -> None:
        """Raises RateMovedError where a rate is further from the policy's than it may be."""
        approved = self.units[currency]
        most = Fraction(approved) * self.max_move_basis_points / WHOLE_BASIS_POINTS
        if abs(Fraction(units) - Fraction(approved)) > most:
            raise RateMovedError(
                currency, units=units, approved=approved, max_move_basis_points=self.max_move_basis_points
            )


@dataclass(frozen=True, slots=True)
class RatePolicy:
    """A policy entry: proposed by one person, and in force once another approved it."""

    community: str
    policy_id: str
    terms: RatePolicyTerms
    approval: Approval

    @property
    def place(self) -> RatePolicyPlace:
        """Where it stands among the entries."""
        return RatePolicyPlace(self.approval.proposed_at, self.policy_id)


@dataclass(frozen=True, slots=True)
class RateSheet:
    """A file of a central bank as it was taken: units of each currency that one unit of `base` is, on a day."""

    community: str
    sheet_id: str
    base: str
    day: date
    units: Mapping[str, Decimal]
    taken_at: datetime
    taken_by: Author

    @property
    def place(self) -> RateSheetPlace:
        """Where it stands among the files."""
        return RateSheetPlace(self.day, self.taken_at, self.sheet_id)


@dataclass(frozen=True, slots=True)
class RatesInForce:
    """The rates that apply on a day: by which policy, of which file, and of which day they are.

    `sheet` and `day` are None where the policy takes files and none is there yet.
    """

    policy: RatePolicy
    sheet: RateSheet | None
    day: date | None

    @property
    def stale_after(self) -> date | None:
        """The last day on which they are taken; None where there are none."""
        if self.day is None:
            return None
        return self.day + timedelta(days=self.policy.terms.max_age_days)

    def is_stale(self, today: date) -> bool:
        """Whether they are too old, or not there."""
        last = self.stale_after
        return last is None or last < today

    def unit_of(self, currency: str) -> Decimal:
        """Units of a currency that one unit of the base is.

        Raises NoRateError where the policy or the file lacks it, RateMovedError where the file's is too far off.
        """
        terms = self.policy.terms
        if currency == terms.base:
            return Decimal(1)
        if currency not in terms.units:
            raise NoRateError(currency, "the policy has no rate for it")
        if self.sheet is None:
            return terms.units[currency]
        if currency not in self.sheet.units:
            raise NoRateError(currency, f"the file of {self.sheet.day.isoformat()} has no rate for it")
        units = self.sheet.units[currency]
        terms.check_move(currency, units)
        return units

    def between(self, source: str, target: str, *, today: date) -> Conversion:
        """How amounts of one currency become amounts of another today.

        Raises StaleRatesError, NoRateError and RateMovedError; between a currency and itself nothing.
        """
        spread = self.policy.terms.spread_basis_points
        if source == target:
            return conversion({}, source=source, target=target, spread_basis_points=spread)
        if self.is_stale(today):
            raise StaleRatesError(self.day, self.policy.terms.max_age_days)
        units = {currency: self.unit_of(currency) for currency in (source, target)}
        return conversion(units, source=source, target=target, spread_basis_points=spread)
