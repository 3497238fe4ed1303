"""What requests and answers about rates hold, and the problems of these routes."""

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator

from services.rewards.approvals.api import ApprovalStateName, approval_shown, person_of
from services.rewards.rates.domain.converting import SPREAD_MAX_BASIS_POINTS, Conversion, NoRateError
from services.rewards.rates.domain.files import (
    CURRENCIES_MAX_COUNT,
    ECB_BASE,
    UNITS_DECIMALS,
    UNITS_WHOLE_DIGITS,
    read_units,
)
from services.rewards.rates.domain.policies import (
    RateMovedError,
    RatePolicy,
    RatePolicyTerms,
    RateSheet,
    RatesInForce,
    RateSource,
)
from shared.contracts.fields import Currency
from shared.http import Day, ProblemType, RequestBody

UNKNOWN_RATE_POLICY = ProblemType("unknown-rate-policy", 404, "Policy of rates not found")
RATE_FOUR_EYES = ProblemType("rate-policy-four-eyes", 403, "Another person must do that")
RATE_POLICY_DECIDED = ProblemType("rate-policy-decided", 409, "The policy of rates is not in a state for that")
TOO_MANY_RATE_POLICIES = ProblemType(
    "too-many-rate-policies", 409, "Too many policies of rates wait for another person"
)
NO_RATE_POLICY = ProblemType("no-rate-policy", 409, "No policy of rates applies")
INVALID_RATE_FILE = ProblemType("invalid-rate-file", 422, "The file is no right file of rates")
RATE_MOVED = ProblemType("rate-moved-too-far", 409, "A rate is further from the policy's than it may be")
TOO_MANY_RATE_SHEETS = ProblemType("too-many-rate-files", 409, "Too many files of rates within a day")
STALE_RATES = ProblemType("stale-rates", 409, "The rates are too old")
NO_RATE = ProblemType("no-rate", 409, "There is no rate for that currency")
TOO_LARGE = ProblemType("converted-amount-too-large", 422, "The amount is too large in the other currency")

#: Digits of a rate that is shown; what is computed with is exact.
_SHOWN: Final = Context(prec=12, rounding=ROUND_HALF_EVEN)
MAX_AGE_MAX_DAYS: Final = 3_660
EXAMPLE_UNITS: Final = {"USD": "1.0956", "JPY": "163.21", "KWD": "0.3358"}

Units = Annotated[str, StringConstraints(pattern=rf"^\d{{1,{UNITS_WHOLE_DIGITS}}}(\.\d{{1,{UNITS_DECIMALS}}})?$")]
RateSourceName = Literal["table", "file"]


def exactly(value: Decimal) -> str:
    """A rate as it is written, without zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(rate: Fraction) -> str:
    """A rate to twelve digits, halves to the even neighbour."""
    return exactly(_SHOWN.divide(Decimal(rate.numerator), Decimal(rate.denominator)))


class RatePolicyTermsGiven(RequestBody):
    """By which rates amounts are converted, from a day on."""

    effective_from: Day = Field(description="From its beginning in the community's zone", examples=["2026-01-01"])
    base: Currency = Field(description="What the rates are against; EUR for files", examples=["EUR"])
    source: RateSourceName = Field(
        description="`table`: these rates; `file`: those of the newest file of a central bank, within "
        "`max_move_basis_points` of these",
        examples=["file"],
    )
    units: Annotated[dict[Currency, Units], Field(min_length=1, max_length=CURRENCIES_MAX_COUNT)] = Field(
        description="Units of each currency that one unit of the base is, as text so that they stay exact: "
        f"up to {UNITS_DECIMALS} digits after the point",
        examples=[EXAMPLE_UNITS],
        json_schema_extra={"additionalProperties": False},
    )
    max_move_basis_points: int = Field(
        500, ge=0, le=5_000, description="How far a file's rates may be from these, in hundredths of a percent"
    )
    spread_basis_points: int = Field(
        0,
        ge=0,
        le=SPREAD_MAX_BASIS_POINTS,
        description="What is put on what is taken, and taken off what is given, in hundredths of a percent",
        examples=[150],
    )
    max_age_days: int = Field(
        7,
        ge=1,
        le=MAX_AGE_MAX_DAYS,
        description="Rates of a day longer ago are refused; a table is of the day from which it applies",
    )

    @field_validator("units")
    @classmethod
    def _above_zero(cls, units: dict[str, str]) -> dict[str, str]:
        for text in units.values():
            read_units(text)
        return units

    @model_validator(mode="after")
    def _against_base(self) -> Self:
        if self.base in self.units:
            raise ValueError(f"the rates are against {self.base}: it has none of its own")
        if self.source == "file" and self.base != ECB_BASE:
            raise ValueError(f"files are against {ECB_BASE}: so is a policy that takes them")
        return self

    @property
    def terms(self) -> RatePolicyTerms:
        """As the domain has them, currencies in their order."""
        return RatePolicyTerms(
            effective_from=self.effective_from,
            base=self.base,
            source=RateSource(self.source),
            units={currency: Decimal(self.units[currency]) for currency in sorted(self.units)},
            max_move_basis_points=self.max_move_basis_points,
            spread_basis_points=self.spread_basis_points,
            max_age_days=self.max_age_days,
        )


class RatePolicyShown(BaseModel):
    """A policy entry, and who proposed and decided it."""

    policy_id: UUID
    state: ApprovalStateName
    effective_from: date
    base: str = Field(examples=["EUR"])
    source: RateSourceName
    units: dict[str, str] = Field(examples=[EXAMPLE_UNITS])
    max_move_basis_points: int = Field(examples=[500])
    spread_basis_points: int = Field(examples=[150])
    max_age_days: int = Field(examples=[7])
    proposed_at: datetime
    proposed_by: str = Field(examples=["Mia"])
    proposed_by_person: UUID | None
    decided_at: datetime | None = Field(description="When it was approved or withdrawn")
    decided_by: str | None = Field(examples=["Omar"])
    decided_by_person: UUID | None

    @classmethod
    def of(cls, policy: RatePolicy) -> Self:
        """The entry as it is answered."""
        terms = policy.terms
        return cls(
            policy_id=UUID(policy.policy_id),
            effective_from=terms.effective_from,
            base=terms.base,
            source=terms.source.value,
            units={currency: exactly(units) for currency, units in terms.units.items()},
            max_move_basis_points=terms.max_move_basis_points,
            spread_basis_points=terms.spread_basis_points,
            max_age_days=terms.max_age_days,
            **approval_shown(policy.approval),
        )


class RateFileShown(BaseModel):
    """A file of a central bank as it was taken."""

    sheet_id: UUID = Field(description="The same for the same file, for ever")
    base: str = Field(examples=["EUR"])
    day: date
    units: dict[str, str] = Field(
        description="Units of each currency that one unit of the base is", examples=[EXAMPLE_UNITS]
    )
    taken_at: datetime
    taken_by: str = Field(examples=["Mia"])
    taken_by_person: UUID | None

    @classmethod
    def of(cls, sheet: RateSheet) -> Self:
        """The file as it is answered."""
        return cls(
            sheet_id=UUID(sheet.sheet_id),
            base=sheet.base,
            day=sheet.day,
            units={currency: exactly(units) for currency, units in sheet.units.items()},
            taken_at=sheet.taken_at,
            taken_by=sheet.taken_by.name,
            taken_by_person=person_of(sheet.taken_by),
        )


class RateFileTaken(RateFileShown):
    """The file as it was taken, now or before."""

    is_new: bool = Field(description="False when the same file was taken before: nothing happened")


class RateOfCurrency(BaseModel):
    """A currency of the policy, and its rate now."""

    currency: str = Field(examples=["USD"])
    units: str | None = Field(
        description="Units that one unit of the base is; null where it may not be used", examples=["1.0956"]
    )
    approved_units: str = Field(description="What the policy says", examples=["1.0956"])
    refused: Literal["no_rate", "moved_too_far"] | None = Field(description="Why it may not be used")


class Rates(BaseModel):
    """The rates in force: by which policy, of which day, and whether they are too old."""

    policy: RatePolicyShown
    sheet_id: UUID | None = Field(description="The file they are of; null for a table, and before there is a file")
    day: date | None = Field(description="The day they are of; null before there is a file")
    stale_after: date | None = Field(description="The last day on which they are used")
    is_stale: bool = Field(description="Too old, or not there: nothing is converted")
    currencies: list[RateOfCurrency]

    @classmethod
    def of(cls, rates: RatesInForce, *, today: date) -> Self:
        """The rates as they are answered."""
        return cls(
            policy=RatePolicyShown.of(rates.policy),
            sheet_id=UUID(rates.sheet.sheet_id) if rates.sheet else None,
            day=rates.day,
            stale_after=rates.stale_after,
            is_stale=rates.is_stale(today),
            currencies=[_currency(rates, currency) for currency in rates.policy.terms.units],
        )


def _currency(rates: RatesInForce, currency: str) -> RateOfCurrency:
    approved, units, refused = exactly(rates.policy.terms.units[currency]), None, None
    try:
        units = exactly(rates.unit_of(currency))
    except NoRateError:
        refused = "no_rate"
    except RateMovedError:
        refused = "moved_too_far"
    return RateOfCurrency(currency=currency, units=units, approved_units=approved, refused=refused)


class Converted(BaseModel):
    """An amount in another currency: what is given for it, and what is taken for as much of the other."""

    amount_minor: int = Field(examples=[1000])
    source: str = Field(examples=["EUR"])
    target: str = Field(examples=["USD"])
    rate: str = Field(
        description="Units of the target that a unit of the source is, to twelve digits; what is computed with is "
        "the quotient of the two units, exactly",
        examples=["1.0956"],
    )
    source_units: str = Field(description="Units of the source that one unit of the base is", examples=["1"])
    target_units: str = Field(examples=["1.0956"])
    spread_basis_points: int = Field(examples=[150])
    worth_minor: int = Field(
        description="Minor units of the target that are given for the amount: the spread off, rounded down",
        examples=[1079],
    )
    cost_minor: int = Field(
        description="Minor units of the source that are taken for as many minor units of the target as the amount "
        "says: the spread on it, rounded up",
        examples=[927],
    )
    policy_id: UUID
    sheet_id: UUID | None
    day: date | None

    @classmethod
    def of(cls, rates: RatesInForce, conversion: Conversion, *, amount_minor: int) -> Self:
        """It as it is answered. Raises TooLargeError."""
        return cls(
            amount_minor=amount_minor,
            source=conversion.source,
            target=conversion.target,
            rate=shown(conversion.rate),
            source_units=exactly(conversion.source_units),
            target_units=exactly(conversion.target_units),
            spread_basis_points=conversion.spread_basis_points,
            worth_minor=conversion.worth(amount_minor),
            cost_minor=conversion.cost(amount_minor),
            policy_id=UUID(rates.policy.policy_id),
            sheet_id=UUID(rates.sheet.sheet_id) if rates.sheet else None,
            day=rates.day,
        )
