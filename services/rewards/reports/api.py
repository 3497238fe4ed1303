"""Routes of reports: a member's statement of a year, and a month's end."""

from datetime import UTC, date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from services.rewards.ledger.api.members import MEMBER_EXAMPLE
from services.rewards.ledger.domain.entries import Owner, UnknownMemberError
from services.rewards.payouts.domain import PayoutState
from services.rewards.periods.api import UNKNOWN_PERIOD, Month, PeriodBlock, PeriodFigure, State
from services.rewards.reports import domain, handlers
from services.rewards.settings import Settings
from shared.followed_communities import load_calendar
from shared.followed_members import find_name
from shared.http import MemberId, Principal, Scope, Snapshot, configured, problem_responses, requires
from shared.http.problem_types import UNKNOWN_IDENTITY, UNKNOWN_MEMBER

router = APIRouter(tags=["finance"])

Configured = Annotated[Settings, configured(Settings)]
Year = Annotated[int, Path(ge=1970, le=2199, examples=[2026])]


class _Moved(BaseModel):
    """How what a member has moved, in points, or in minor units of a currency."""

    currency: str = Field(examples=["PTS"], description="PTS counts points; money is in minor units")
    earned: int = Field(description="What came; of money what became payable")
    corrected: int = Field(description="By awards that amount to more, or to less, than they did")
    written_off: int = Field(description="Debts that were written off, less what made them good again")
    merged: int = Field(description="What came, or went, because members were merged or parted")
    redeemed: int = Field(description="What was used for rewards")
    paid: int = Field(description="What was paid out; of money what was given to the bank")
    expired: int = Field(description="What was not used in time")


class StatementSum(_Moved):
    """A year in one currency: opening + earned + corrected + written off + merged
    − redeemed − paid − expired = closing."""

    opening: int = Field(
        description="What there was: points that are pending, available or reserved; money payable"
    )
    closing: int
    ended: int = Field(
        description="Of `closing`: points whose time was over with the year, so that nobody can use them; "
        "they are booked away in the first moments of the next one"
    )

    @classmethod
    def of(cls, found: domain.StatementSum) -> Self:
        """A sum as it is answered."""
        return cls(
            currency=found.currency,
            opening=found.opening,
            closing=found.closing,
            ended=found.ended,
            **found.moved._asdict(),
        )


class StatementDay(_Moved):
    """A day on which something moved in a currency."""

    day: date
    closing: int = Field(description="What there was after it")

    @classmethod
    def of(cls, found: domain.StatementDay) -> Self:
        """A day as it is answered."""
        return cls(day=found.day, currency=found.currency, closing=found.closing, **found.moved._asdict())


class YearStatement(BaseModel):
    """What a member had over a year of the community's days, by when it was booked."""

    member_id: UUID = Field(examples=[MEMBER_EXAMPLE])
    name: str | None = Field(examples=["Ada Lovelace"])
    year: int = Field(examples=[2026])
    is_preliminary: bool = Field(description="Whether the year is not over: it may still change")
    sums: list[StatementSum] = Field(description="Points first, then each currency")
    days: list[StatementDay] = Field(description="At most 366 for each currency, oldest first")


@router.get(
    "/v1/members/{member_id}/statements/{year}",
    summary="A member's statement of a year",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER),
)
async def get_year_statement(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Snapshot,
    settings: Configured,
    member_id: MemberId,
    year: Year,
) -> YearStatement:
    """What there was when the year began, what came, what went, what expired, and what there was at its end.

    Of those merged into the member too. The entries themselves are at GET /v1/members/{member_id}/statement.
    """
    owner = Owner(principal.community, str(member_id))
    calendar = await load_calendar(conn, community=owner.community)
    found = await handlers.load_statement(
        conn, owner, year=year, calendar=calendar, timeout_seconds=settings.report_seconds
    )
    known = await find_name(conn, community=owner.community, member_id=owner.member_id)
    if known is None and not found.days and not any(one.opening for one in found.sums):
        raise UnknownMemberError(owner.member_id)
    return YearStatement(
        member_id=member_id,
        name=known.name if known else None,
        year=year,
        is_preliminary=domain.year_bounds(year, calendar).ends_at > datetime.now(UTC),
        sums=[StatementSum.of(one) for one in found.sums],
        days=[StatementDay.of(one) for one in found.days],
    )


class MonthPoints(BaseModel):
    """Points held: opening + earned + corrected + written off − redeemed − paid − expired = closing."""

    model_config = ConfigDict(from_attributes=True)

    opening: int = Field(description="Pending, available and reserved, by the ledger")
    earned: int
    corrected: int = Field(description="By awards that amount to more, or to less, than they did")
    written_off: int = Field(description="What members keep of points that they owed, less what made it good")
    redeemed: int
    paid: int
    expired: int
    closing: int
    difference: int = Field(description="What does not tie to the ledger: 0 in right books")


class MonthWorth(BaseModel):
    """What points were worth: opening + earned + used + estimate = closing, in minor units."""

    opening_day: date | None = Field(
        description="The last day before the month, if it was taken; null: from nothing"
    )
    closing_day: date
    currency: str = Field(examples=["EUR"])
    opening_minor: int
    earned_minor: int
    used_minor: int = Field(description="Below 0: what is used is owed no more")
    estimate_minor: int = Field(description="What another expectation, rate or breakage did")
    closing_minor: int

    @classmethod
    def of(cls, worth: handlers.Worth) -> Self:
        """What points were worth as it is answered."""
        return cls(
            opening_day=worth.opening_day,
            closing_day=worth.closing_day,
            currency=worth.currency,
            opening_minor=worth.moved.opening_minor,
            earned_minor=worth.moved.earned_minor,
            used_minor=worth.moved.used_minor,
            estimate_minor=worth.moved.estimate_minor,
            closing_minor=worth.moved.closing_minor,
        )


class MonthValued(BaseModel):
    """Points held by the ledger and points valued: held − set aside − ended + late − difference = outstanding."""

    model_config = ConfigDict(from_attributes=True)

    held: int = Field(description="The closing of `points`, by the ledger")
    set_aside: int = Field(description="For payouts: they are owed as money")
    ended: int = Field(
        description="Whose time was over with the month: breakage of its last day, and booked away after it"
    )
    late: int = Field(
        description="Of awards earned in the month or before, booked after it and before its last day was valued"
    )
    outstanding: int = Field(description="What `worth` is of")
    difference: int = Field(
        description="What is left unexplained: 0, unless members owe more of a vintage than is left of it"
    )


class MonthPayouts(BaseModel):
    """Payouts that were in a state when the month was over."""

    model_config = ConfigDict(from_attributes=True)

    state: PayoutState = Field(examples=["settled"])
    currency: str = Field(examples=["EUR"])
    count: int
    points: int
    amount_minor: int


class MonthOpenItem(BaseModel):
    """What waited for somebody when the month was over."""

    model_config = ConfigDict(from_attributes=True)

    kind: str = Field(
        examples=["redemption"],
        description="`redemption`: reserved; `journal`: proposed; `payout_outcome`: waits for another person",
    )
    count: int
    points: int
    oldest_at: datetime | None


class MonthCorrection(BaseModel):
    """What was booked in the month and corrects what was booked before it, by the kind of transfer."""

    model_config = ConfigDict(from_attributes=True)

    kind: str = Field(examples=["amendment"])
    count: int
    points: int = Field(description="Below 0 where they were taken back")


class MonthEnd(BaseModel):
    """A month as finance takes it along."""

    month: str = Field(examples=["2026-10"])
    state: State = Field(examples=["closed"])
    is_preliminary: bool = Field(
        description="Whether it may still change: it is neither closed, nor locked by a later month that is shut"
    )
    starts_at: datetime
    ends_at: datetime
    block: PeriodBlock | None = Field(description="The chain's block that holds it; null while it is not added up")
    figures: list[PeriodFigure] = Field(description="The trial balance before it and at its end")
    balanced: bool = Field(description="Whether the figures sum to zero in each currency, and the points tie")
    points: MonthPoints
    worth: MonthWorth | None = Field(description="Null where no policy says what a point is worth at its end")
    valued: MonthValued | None = Field(description="How `points` come to what `worth` is of; null where that is")
    payouts: list[MonthPayouts] = Field(description="By the state that they were in when it was over")
    open_items: list[MonthOpenItem]
    corrections: list[MonthCorrection]

    @classmethod
    def of(cls, found: handlers.MonthEnd) -> Self:
        """A month's end as it is answered."""
        period = found.period
        totals: dict[str, int] = {}
        for change in found.changes:
            for key, amount in ((f"{change.currency} before", change.before), (change.currency, change.after)):
                totals[key] = totals.get(key, 0) + amount
        return cls(
            month=period.name,
            state=period.state_name,
            is_preliminary=not period.is_final,
            starts_at=period.starts_at,
            ends_at=period.ends_at,
            block=PeriodBlock.model_validate(period.block) if period.block else None,
            figures=[PeriodFigure.model_validate(change) for change in found.changes],
            balanced=not any(totals.values()) and not found.points.difference,
            points=MonthPoints.model_validate(found.points),
            worth=None if found.worth is None else MonthWorth.of(found.worth),
            valued=None if found.valued is None else MonthValued.model_validate(found.valued),
            payouts=[MonthPayouts.model_validate(one) for one in found.payouts],
            open_items=[MonthOpenItem.model_validate(one) for one in found.open_items],
            corrections=[MonthCorrection.model_validate(one) for one in found.corrections],
        )


@router.get(
    "/v1/finance/month-ends/{month}",
    summary="A month's end for finance",
    responses=problem_responses(UNKNOWN_PERIOD),
)
async def get_month_end(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ)],
    conn: Snapshot,
    settings: Configured,
    month: Month,
) -> MonthEnd:
    """Trial balance, how points and their worth moved, payouts, what was open, what corrects earlier months.

    Of a closed month it never changes; one that is not closed is preliminary.
    """
    today = (await load_calendar(conn, community=principal.community)).day_of(datetime.now(UTC))
    found = await handlers.load_month_end(
        conn,
        community=principal.community,
        month=date.fromisoformat(f"{month}-01"),
        today=today,
        timeout_seconds=settings.report_seconds,
    )
    return MonthEnd.of(found)
