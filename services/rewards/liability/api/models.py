"""What requests and answers about the worth of points hold, and the problems of these routes."""

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.rewards.approvals.api import ApprovalStateName, approval_shown
from services.rewards.liability.domain.days import DaySums, LotWorth
from services.rewards.liability.domain.moving import Movement
from services.rewards.liability.domain.policies import (
    EXPECTED_DECIMALS,
    RATE_DECIMALS,
    Basis,
    Estimate,
    Policy,
    PolicyTerms,
    VintageUnit,
)
from services.rewards.liability.domain.valuing import Liability, VintageLiability
from shared.contracts.fields import Currency
from shared.currencies import is_known
from shared.http import Day, ProblemType, RequestBody

UNKNOWN_POLICY = ProblemType("unknown-liability-policy", 404, "Policy entry not found")
POLICY_FOUR_EYES = ProblemType("liability-policy-four-eyes", 403, "Another person must do that")
POLICY_DECIDED = ProblemType("liability-policy-decided", 409, "The policy entry is not in a state for that")
OTHER_CURRENCY = ProblemType("liability-other-currency", 409, "The books of points are in another currency")
TOO_MANY_POLICIES = ProblemType("too-many-policies", 409, "Too many policy entries wait for another person")
NO_POLICY = ProblemType("no-liability-policy", 409, "Nothing says yet what points are worth")
UNKNOWN_DAY = ProblemType("unknown-liability-day", 404, "That day was not taken")

_POINTS = Decimal("0.001")
_SHARE = Decimal("0.000001")
_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)

PerPoint = Annotated[str, StringConstraints(pattern=rf"^(0|[1-9]\d{{0,8}})(\.\d{{1,{RATE_DECIMALS}}})?$")]
Expected = Annotated[
    str, StringConstraints(pattern=rf"^(0(\.\d{{1,{EXPECTED_DECIMALS}}})?|1(\.0{{1,{EXPECTED_DECIMALS}}})?)$")
]


def _money(code: str) -> str:
    if not is_known(code):
        why = f"ISO 4217 has no currency `{code}`, and the books of points stay in the first one"
        raise PydanticCustomError("not_known", "{why}", {"why": why})
    return code


BasisName = Literal["cost", "deferral"]
EstimateName = Literal["rate", "ladder"]
UnitName = Literal["month", "year"]
CautionName = Literal["expected_is_redeemed_so_far", "oldest_is_complete", "members_owe"]
EstimatedByName = Literal["ladder", "rate", "rate_few_vintages", "rate_no_factor"]


def exactly(value: Decimal) -> str:
    """A decimal as it is written, without zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def thousandths(value: Fraction) -> str:
    """Points to three decimals, halves to the even neighbour."""
    return str(_quotient(value, _POINTS))


def share(value: Fraction | None) -> str | None:
    """A share to six decimals, halves to the even neighbour; None where there is none."""
    return None if value is None else str(_quotient(value, _SHARE))


def _quotient(value: Fraction, to: Decimal) -> Decimal:
    # Rounded once, from the exact value.
    places = -int(to.as_tuple().exponent)
    return Decimal(round(value * 10**places)).scaleb(-places, context=_CONTEXT)


class LiabilityPolicyTerms(RequestBody):
    """What a point is worth in the books and how many are expected to be used, from a day on."""

    effective_from: Day = Field(description="From its beginning in the community's zone", examples=["2026-01-01"])
    currency: Annotated[Currency, AfterValidator(_money)] = Field(examples=["EUR"])
    basis: BasisName = Field(
        description="`cost`: what using a point costs; `deferral`: what was deferred when it was earned (IFRS 15)",
        examples=["cost"],
    )
    minor_per_point: PerPoint = Field(
        description=f"Minor units of the currency a point, as text so that it stays exact: up to {RATE_DECIMALS} "
        "digits after the point",
        examples=["0.95"],
    )
    estimate: EstimateName = Field(
        description="How many are expected to be used: by `expected_redemption`, or by the chain ladder over "
        "vintages, which falls back on it",
        examples=["ladder"],
    )
    expected_redemption: Expected = Field(
        description="Which part of the points that are left will be used, from 0 to 1, as text", examples=["0.8"]
    )
    vintage_unit: UnitName = Field(description="Points earned in the same one are a vintage", examples=["month"])

    @property
    def terms(self) -> PolicyTerms:
        """As the domain has them."""
        return PolicyTerms(
            effective_from=self.effective_from,
            currency=self.currency,
            basis=Basis(self.basis),
            minor_per_point=Decimal(self.minor_per_point),
            estimate=Estimate(self.estimate),
            expected_redemption=Decimal(self.expected_redemption),
            vintage_unit=VintageUnit(self.vintage_unit),
        )


class LiabilityPolicy(BaseModel):
    """A policy entry, and who proposed and decided it."""

    policy_id: UUID
    state: ApprovalStateName
    effective_from: date
    currency: str = Field(examples=["EUR"])
    basis: BasisName
    minor_per_point: str = Field(examples=["0.95"])
    estimate: EstimateName
    expected_redemption: str = Field(examples=["0.8"])
    vintage_unit: UnitName
    proposed_at: datetime
    proposed_by: str = Field(examples=["Mia"])
    proposed_by_person: UUID | None
    decided_at: datetime | None = Field(description="When it was approved or withdrawn")
    decided_by: str | None = Field(examples=["Omar"])
    decided_by_person: UUID | None

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """The entry as it is answered."""
        terms = policy.terms
        return cls(
            policy_id=UUID(policy.policy_id),
            effective_from=terms.effective_from,
            currency=terms.currency,
            basis=terms.basis.value,
            minor_per_point=exactly(terms.minor_per_point),
            estimate=terms.estimate.value,
            expected_redemption=exactly(terms.expected_redemption),
            vintage_unit=terms.vintage_unit.value,
            **approval_shown(policy.approval),
        )


class VintageWorth(BaseModel):
    """Points that were earned in the same month or year, and what is owed for them."""

    vintage: date = Field(
        description="Its first day; what is older than the oldest is in it", examples=["2026-01-01"]
    )
    issued_points: int = Field(description="What awards amount to now: what was retracted is none of it")
    redeemed_points: int = Field(description="Handed out, or set aside for payouts, where they are owed as money")
    expired_points: int = Field(description="Breakage: not used in time")
    reserved_points: int = Field(description="Of what is outstanding: waits for a redemption to be confirmed")
    outstanding_points: int = Field(description="Issued less redeemed and expired: pending points are in it")
    debt_points: int = Field(description="Used, and taken back since: taken off what is outstanding")
    still_expected_points: str = Field(description="Expected to be used yet, to thousandths", examples=["24.412"])
    estimated_by: EstimatedByName = Field(description="What says so; by the policy's rate also why not the ladder")
    ultimate_redemption: str | None = Field(
        description="Which part of what was issued will have been used in the end; null where nothing was issued",
        examples=["0.712010"],
    )
    minor_per_point: str = Field(examples=["0.95"])
    liability_minor: int = Field(description="What is owed, in minor units, halves rounded to the even neighbour")
    breakage_minor: int = Field(description="What is not expected to be asked for")
    full_minor: int = Field(description="What would be owed if every point were used")

    @classmethod
    def of(cls, one: VintageLiability) -> Self:
        """The vintage as it is answered."""
        figures = one.figures
        return cls(
            vintage=figures.vintage,
            issued_points=figures.issued,
            redeemed_points=figures.redeemed,
            expired_points=figures.expired,
            reserved_points=figures.reserved,
            outstanding_points=figures.outstanding,
            debt_points=figures.lacking,
            still_expected_points=thousandths(one.still_expected),
            estimated_by=one.estimated_by.value,
            ultimate_redemption=share(one.ultimate_redemption),
            minor_per_point=exactly(one.minor_per_point),
            liability_minor=one.liability_minor,
            breakage_minor=one.breakage_minor,
            full_minor=one.full_minor,
        )


class PointsLiability(BaseModel):
    """What all points are worth: totals are the sums of the vintages as they are shown."""

    day: date
    as_of: datetime = Field(description="By what was booked until then")
    policy: LiabilityPolicy
    issued_points: int
    redeemed_points: int
    expired_points: int
    reserved_points: int
    outstanding_points: int
    debt_points: int
    still_expected_points: str = Field(examples=["598.921"])
    standard_error_points: str | None = Field(
        description="Mack's standard error of the ladder; null where it has no value", examples=["43.860"]
    )
    redeemed_so_far: str | None = Field(
        description="Redeemed ÷ issued until now. No expectation of what is to come: of all that was issued it "
        "says that nothing more will be used",
        examples=["0.587500"],
    )
    liability_minor: int
    breakage_minor: int
    full_minor: int
    cautions: list[CautionName] = Field(description="What whoever reads this should know")
    vintages: list[VintageWorth] = Field(description="Oldest first, at most PLAUDIT_LIABILITY_VINTAGES_MAX_COUNT")

    @classmethod
    def of(cls, owed: Liability, *, as_of: datetime) -> Self:
        """It as it is answered."""
        return cls(
            day=owed.day,
            as_of=as_of,
            policy=LiabilityPolicy.of(owed.policy),
            issued_points=owed.sum("issued"),
            redeemed_points=owed.sum("redeemed"),
            expired_points=owed.sum("expired"),
            reserved_points=owed.sum("reserved"),
            outstanding_points=owed.sum("outstanding"),
            debt_points=owed.sum("lacking"),
            still_expected_points=thousandths(owed.still_expected),
            standard_error_points=None if owed.error_points is None else str(owed.error_points),
            redeemed_so_far=share(owed.redeemed_so_far),
            liability_minor=owed.liability_minor,
            breakage_minor=owed.full_minor - owed.liability_minor,
            full_minor=owed.full_minor,
            cautions=[caution.value for caution in owed.cautions],
            vintages=[VintageWorth.of(one) for one in owed.vintages],
        )


class LiabilityDay(BaseModel):
    """What all points were worth at the end of a day; it never changes."""

    day: date
    taken_at: datetime
    currency: str = Field(examples=["EUR"])
    policy_id: UUID
    issued_points: int
    redeemed_points: int
    expired_points: int
    outstanding_points: int
    still_expected_points: str = Field(examples=["598.921"])
    liability_minor: int
    breakage_minor: int
    full_minor: int

    @classmethod
    def of(cls, one: DaySums) -> Self:
        """The day as it is answered."""
        return cls(
            day=one.day,
            taken_at=one.taken_at,
            currency=one.currency,
            policy_id=UUID(one.policy_id),
            issued_points=one.issued,
            redeemed_points=one.redeemed,
            expired_points=one.expired,
            outstanding_points=one.outstanding,
            still_expected_points=thousandths(one.still_expected),
            liability_minor=one.liability_minor,
            breakage_minor=one.full_minor - one.liability_minor,
            full_minor=one.full_minor,
        )


class LiabilityMovement(BaseModel):
    """How what is owed moved: opening + earned + used + estimate = closing."""

    model_config = ConfigDict(from_attributes=True)

    opening_day: date | None = Field(description="Null: from nothing")
    closing_day: date
    currency: str = Field(examples=["EUR"])
    opening_minor: int
    earned_points: int = Field(description="Below 0 when more was taken back than earned")
    earned_minor: int
    used_points: int
    used_minor: int = Field(description="Below 0: what is used is owed no more")
    expired_points: int = Field(
        description="What was not used in time; what it was worth is in the estimate's part"
    )
    estimate_minor: int = Field(
        description="What another expectation, rate or breakage did, caught up in this time: what was before stays"
    )
    closing_minor: int

    @classmethod
    def between(cls, found: Movement, *, opening: date | None, closing: date, currency: str) -> Self:
        """The movement as it is answered."""
        return cls(
            opening_day=opening,
            closing_day=closing,
            currency=currency,
            opening_minor=found.opening_minor,
            earned_points=found.earned_points,
            earned_minor=found.earned_minor,
            used_points=found.used_points,
            used_minor=found.used_minor,
            expired_points=found.expired_points,
            estimate_minor=found.estimate_minor,
            closing_minor=found.closing_minor,
        )


class LiabilityLot(BaseModel):
    """The points of an award that are left, and what they are worth as those of its vintage were."""

    award_id: UUID
    member_id: UUID
    points: int = Field(description="What the award amounts to")
    left_points: int
    is_pending: bool
    earned_at: datetime
    expires_at: datetime | None
    vintage: date
    still_expected_points: str = Field(examples=["7.012"])
    liability_minor: int = Field(description="Rounded by itself: lots need not add up to their vintage")

    @classmethod
    def of(cls, lot: LotWorth) -> Self:
        """The lot as it is answered."""
        return cls(
            award_id=UUID(lot.award_id),
            member_id=UUID(lot.member_id),
            points=lot.points,
            left_points=lot.remaining,
            is_pending=lot.is_pending,
            earned_at=lot.earned_at,
            expires_at=lot.expires_at,
            vintage=lot.worth.vintage,
            still_expected_points=thousandths(lot.still_expected),
            liability_minor=lot.liability_minor,
        )


class SaleDeferral(BaseModel):
    """What of a sale's price is deferred for the points that come with it."""

    deferred_minor: int = Field(examples=[1875])
    revenue_minor: int = Field(description="Earned at once", examples=[78125])
    minor_per_point: str = Field(
        description="For a policy by `deferral`: what of the price is deferred a point", examples=["0.9375"]
    )
