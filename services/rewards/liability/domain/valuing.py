"""What points that are not used yet are worth: how many will be used, by vintage, at the policy's rate.

All is computed exactly. What is shown is rounded once: points to thousandths and money to minor units, halves to
the even neighbour; a total of money is the sum of what is shown, so that every table adds up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from services.rewards.liability.domain.ladder import Development, Row, develop, standard_error, ultimate
from services.rewards.liability.domain.policies import Basis, Estimate, Policies, Policy

#: The chain ladder says nothing of fewer vintages: the oldest is taken as complete.
LADDER_MIN_COUNT = 3


class EstimatedBy(StrEnum):
    """What said how many points of a vintage will be used: the ladder, or the policy's rate and why."""

    LADDER = "ladder"
    RATE = "rate"
    FEW_VINTAGES = "rate_few_vintages"
    NO_FACTOR = "rate_no_factor"


class Caution(StrEnum):
    """What whoever reads the figures should know."""

    #: The trap: as many as were used so far of all that were ever given, as though no more were to come.
    REDEEMED_SO_FAR = "expected_is_redeemed_so_far"
    #: The ladder has no tail: of the oldest vintage nothing more is expected, and points of it are left.
    OLDEST_COMPLETE = "oldest_is_complete"
    #: Members used points that were taken back since: what they owe is taken off.
    MEMBERS_OWE = "members_owe"


@dataclass(frozen=True, slots=True)
class VintageFigures:
    """Points of the awards that were earned in the vintage that begins on `vintage`.

    `issued` is what they amount to now: what was retracted is none of it. `redeemed` was handed out or set aside
    for payouts, `expired` is breakage, `reserved` waits for a redemption to be confirmed and is outstanding as
    long. `lacking` was used and taken back since. `row` is what was redeemed by the end of each complete age.
    """

    vintage: date
    issued: int
    redeemed: int = 0
    expired: int = 0
    reserved: int = 0
    lacking: int = 0
    row: Row = ()

    @property
    def outstanding(self) -> int:
        """Points that may be used yet."""
        return max(0, self.issued - self.redeemed - self.expired)


@dataclass(frozen=True, slots=True)
class VintageLiability:
    """What the points of a vintage are worth: `liability_minor` is owed, `full_minor` would be without breakage.

    `ultimate_redemption` is which part of what was issued will have been used in the end; None where nothing was
    issued.
    """

    figures: VintageFigures
    still_expected: Fraction
    estimated_by: EstimatedBy
    minor_per_point: Decimal
    liability_minor: int
    full_minor: int

    @property
    def breakage_minor(self) -> int:
        """What of the full value is not expected to be asked for."""
        return self.full_minor - self.liability_minor

    @property
    def ultimate_redemption(self) -> Fraction | None:
        """Which part of what was issued will have been used in the end."""
        issued = self.figures.issued
        return (self.figures.redeemed + self.still_expected) / issued if issued else None


@dataclass(frozen=True, slots=True)
class Liability:
    """What all points of a community are worth at the end of `day`, or by then; vintages oldest first."""

    day: date
    policy: Policy
    vintages: Sequence[VintageLiability]
    error_points: Decimal | None
    cautions: Sequence[Caution]

    def sum(self, name: str) -> int:
        """The sum of points of the vintages by the name of their figure."""
        return sum(getattr(one.figures, name) for one in self.vintages)

    @property
    def still_expected(self) -> Fraction:
        """Points that are expected to be used yet."""
        return sum((one.still_expected for one in self.vintages), Fraction(0))

    @property
    def liability_minor(self) -> int:
        """What is owed, in minor units."""
        return sum(one.liability_minor for one in self.vintages)

    @property
    def full_minor(self) -> int:
        """What would be owed if every point were used."""
        return sum(one.full_minor for one in self.vintages)

    @property
    def redeemed_so_far(self) -> Fraction | None:
        """Redeemed ÷ issued until now: no expectation of what is to come. None where nothing was issued."""
        issued = self.sum("issued")
        return Fraction(self.sum("redeemed"), issued) if issued else None


def value(day: date, figures: Sequence[VintageFigures], *, policies: Policies) -> Liability:
    """What points are worth on a day. Raises NoPolicyError where no policy applies.

    The policy of the day says how many are expected and, by cost, what one is worth; what was deferred stays what
    the policy of its vintage's first day said. A change of expectation is so caught up on the day it applies.
    """
    policy = policies.on(day)
    rows = [one.row for one in figures if one.row]
    development = develop(rows) if policy.terms.estimate is Estimate.LADDER else Development(0, ())
    valued = []
    for one in figures:
        still, by = _still(one, policy, development=development, rows_count=len(rows))
        of_rate = policy if policy.terms.basis is Basis.COST else policies.first_on(one.vintage)
        valued.append(
            _valued(one, still, by, basis=policy.terms.basis, minor_per_point=of_rate.terms.minor_per_point)
        )
    is_by_ladder = any(one.estimated_by is EstimatedBy.LADDER for one in valued)
    error = standard_error(rows) if is_by_ladder else None
    return Liability(day, policy, valued, error, _cautions(valued, policy))


def _still(
    figures: VintageFigures, policy: Policy, *, development: Development, rows_count: int
) -> tuple[Fraction, EstimatedBy]:
    """How many points of a vintage are expected to be used yet, and what says so."""
    reserved = min(figures.reserved, figures.outstanding)
    by_rate = reserved + (figures.outstanding - reserved) * policy.terms.expected
    if policy.terms.estimate is Estimate.RATE:
        return by_rate, EstimatedBy.RATE
    if rows_count < LADDER_MIN_COUNT:
        return by_rate, EstimatedBy.FEW_VINTAGES
    end = ultimate(figures.row, development)
    if end is None:
        return by_rate, EstimatedBy.NO_FACTOR
    # What expired is not redeemed any more, whatever earlier vintages did.
    still = min(max(end - figures.redeemed, Fraction(reserved)), Fraction(figures.outstanding))
    return still, EstimatedBy.LADDER


def _valued(
    figures: VintageFigures, still: Fraction, by: EstimatedBy, *, basis: Basis, minor_per_point: Decimal
) -> VintageLiability:
    rate = Fraction(minor_per_point)
    if basis is Basis.COST:
        owed, full = still * rate, figures.outstanding * rate
    else:
        deferred = figures.issued * rate
        owed, full = (_left(deferred, figures.redeemed, left) for left in (still, Fraction(figures.outstanding)))
    return VintageLiability(figures, still, by, minor_per_point, round(owed), round(full))


def _left(deferred: Fraction, redeemed: int, still: Fraction) -> Fraction:
    """What is left of what was deferred, which is earned in proportion to what is redeemed of all that will be."""
    return deferred * still / (redeemed + still) if still else Fraction(0)


def _cautions(valued: Sequence[VintageLiability], policy: Policy) -> list[Caution]:
    found = []
    issued = sum(one.figures.issued for one in valued)
    redeemed = sum(one.figures.redeemed for one in valued)
    by_rate = [one for one in valued if one.estimated_by is not EstimatedBy.LADDER and one.figures.outstanding]
    if redeemed and by_rate and policy.terms.expected * issued <= redeemed:
        found.append(Caution.REDEEMED_SO_FAR)
    if any(
        one.estimated_by is EstimatedBy.LADDER and one.figures.outstanding and not one.still_expected
        for one in valued
    ):
        found.append(Caution.OLDEST_COMPLETE)
    if any(one.figures.lacking for one in valued):
        found.append(Caution.MEMBERS_OWE)
    return found


def allocated(price_minor: int, stand_alone_minor: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """A price allocated to what is sold for it, by relative stand-alone prices (IFRS 15, 74), in minor units."""
    total = sum(stand_alone_minor.values())
    return {name: price_minor * alone / total for name, alone in stand_alone_minor.items()}
