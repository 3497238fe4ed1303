"""Routes of periods: months of the books, with their figures; close one, open one again, each by two people."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from services.rewards.checks.store import find_checks
from services.rewards.ledger.api.problems import ALTERED
from services.rewards.payouts.api import Deed, deeds
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.runs.api.models import FOUR_EYES
from services.rewards.periods import domain, handlers
from services.rewards.periods.domain import PeriodPlace, PeriodState
from services.rewards.settings import Settings
from shared.contracts.texts import Line
from shared.followed_communities import load_calendar
from shared.http import (
    Begin,
    Limit,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Snapshot,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.postgres import Connection

UNKNOWN_PERIOD = ProblemType("unknown-period", 404, "Month not found")
PERIOD_REFUSED = ProblemType("period-refused", 409, "The month does not allow that")
NOT_SETTLED = ProblemType("period-not-settled", 409, "Something is still being booked")

router = APIRouter(tags=["periods"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Closer = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]
Month = Annotated[str, Path(pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-10"])]

#: Written out where they stand, as clients know them, not as schemas of their own.
_STATES = (*(state.value for state in PeriodState), domain.LOCKED)
State = Literal[_STATES]  # type: ignore[valid-type]


class ReopenRequest(RequestBody):
    """Why a month is to be opened again."""

    reason: Line = Field(examples=["The bank's charges of October came in November"])


class PeriodBlock(BaseModel):
    """The newest block of the chain when the month was added up: it holds all that was booked in it."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    hash: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])


class Period(BaseModel):
    """A month of the books, in the community's time zone."""

    month: str = Field(examples=["2026-10"])
    starts_at: datetime
    ends_at: datetime = Field(description="What is booked then is of the next month")
    state: State = Field(
        examples=["closed"],
        description="`open`: under way, or closed by nobody; `closing` and `reopening` wait for another person; "
        "`locked`: closed by nobody, and before a month that is shut. Only into an open month anything is booked",
    )
    reason: str | None = Field(description="Why it was, or is to be, opened again")
    proposed: Deed | None
    decided: Deed | None = Field(description="Who confirmed or withdrew it; null while it waits")
    block: PeriodBlock | None = Field(description="Null while the month is open or not added up yet")


class PeriodFigure(BaseModel):
    """What is on all accounts of a kind and currency before a month, and at its end."""

    model_config = ConfigDict(from_attributes=True)

    kind: str = Field(examples=["available"])
    currency: str = Field(examples=["PTS"], description="PTS counts points; money is in minor units")
    accounts_count: int
    before: int = Field(description="Credit positive, debit negative")
    after: int


class PeriodFigures(Period):
    """A month with what stood on the accounts before it and at its end."""

    is_over: bool
    is_about_you: bool = Field(description="Whether whoever asks proposed what waits, and so does not confirm it")
    figures: list[PeriodFigure] = Field(
        description="Those that the month was closed with; of one that is open, as the entries are now"
    )
    balanced: bool = Field(description="Whether the figures sum to zero in each currency, before and after")
    checked_at: datetime | None = Field(description="When all of the ledger was last checked, where anybody asked")
    check_balanced: bool | None = Field(description="Whether that check found nothing wrong")


@router.get("/v1/periods", summary="Months of the books, newest first", responses=problem_responses())
async def list_periods(
    principal: Reader,
    conn: Snapshot,
    place: Annotated[PeriodPlace | None, after(PeriodPlace)],
    limit: Limit = 100,
) -> Page[Period]:
    """From the month under way back to the first in which anything was booked, each with whether it is closed."""
    found = await handlers.load_months(
        conn, community=principal.community, today=await _today(conn, principal.community)
    )
    wanted = [one for one in found if place is None or one.starts_at < place.starts_at][:limit]
    answered = {one.month: one for one in await _periods(conn, wanted, community=principal.community)}
    return Page.of(wanted, limit, item=lambda one: answered[one.name], place=lambda one: one.place)


@router.get("/v1/periods/{month}", summary="A month with its figures", responses=problem_responses(UNKNOWN_PERIOD))
async def get_period(
    principal: Reader, conn: Snapshot, settings: Annotated[Settings, configured(Settings)], month: Month
) -> PeriodFigures:
    """What was on every kind of account before it and at its end: what a second person looks at."""
    community = principal.community
    period = await handlers.find_period(
        conn, community=community, month=_first_day(month), today=await _today(conn, community)
    )
    seconds = settings.ledger_check_seconds
    end = period.figures
    if end is None:
        end = await handlers.load_figures(conn, period, timeout_seconds=seconds)
    before = await handlers.load_opening(conn, period, timeout_seconds=seconds)
    checks = await find_checks(conn, community=community)
    (answered,) = await _periods(conn, [period], community=community)
    sums = [*domain.sums_of(before), *domain.sums_of(end)]
    waits = period.state in (PeriodState.CLOSING, PeriodState.REOPENING)
    return PeriodFigures(
        **answered.model_dump(),
        is_over=period.ends_at <= datetime.now(UTC),
        is_about_you=waits
        and period.proposed_by is not None
        and period.proposed_by.person_id == principal.person_id,
        figures=[PeriodFigure.model_validate(one) for one in domain.changes_between(before, end)],
        balanced=not any(one.total for one in sums),
        checked_at=checks.last.checked_at if checks.last else None,
        check_balanced=checks.last.found.differences == 0 if checks.last else None,
    )


@router.post(
    "/v1/periods/{month}/close",
    summary="Propose to close a month",
    responses=problem_responses(UNKNOWN_PERIOD, PERIOD_REFUSED, NOT_SETTLED),
)
async def close_period(principal: Closer, begin: Begin, month: Month) -> Period:
    """From now on nothing is booked into it, and it is added up; another person confirms it.

    Whatever is booked later is of the month that is open, and names what it corrects. Months are closed in their
    order, once they are over.
    """
    async with begin() as tx:
        period = await handlers.propose(
            tx,
            domain.Deed.CLOSE,
            community=principal.community,
            month=_first_day(month),
            reason=None,
            by=_actor(principal),
        )
    if period.figures is None:
        async with begin() as tx:
            tx.did_nothing()  # its entry is there already
            period = await handlers.add_up(tx, community=principal.community, month=period.month)
    async with begin() as tx:
        tx.did_nothing()
        return await _answer(tx.conn, period)


@router.post(
    "/v1/periods/{month}/reopen",
    summary="Propose to open a closed month again",
    responses=problem_responses(UNKNOWN_PERIOD, PERIOD_REFUSED),
)
async def reopen_period(principal: Closer, tx: Tx, month: Month, asked: ReopenRequest) -> Period:
    """Only the newest that is closed; it stays closed until another person confirms it."""
    period = await handlers.propose(
        tx,
        domain.Deed.REOPEN,
        community=principal.community,
        month=_first_day(month),
        reason=asked.reason,
        by=_actor(principal),
    )
    return await _answer(tx.conn, period)


@router.post(
    "/v1/periods/{month}/confirm",
    summary="Confirm what another person proposed of a month",
    responses=problem_responses(UNKNOWN_PERIOD, PERIOD_REFUSED, FOUR_EYES, ALTERED),
)
async def confirm_period(principal: Approver, tx: Tx, month: Month) -> Period:
    """It is closed, or open again. Entries are added up one by one, and have to be what was looked at."""
    period = await handlers.confirm(
        tx, community=principal.community, month=_first_day(month), by=_actor(principal)
    )
    return await _answer(tx.conn, period)


@router.post(
    "/v1/periods/{month}/withdraw",
    summary="Withdraw what was proposed of a month",
    responses=problem_responses(UNKNOWN_PERIOD, PERIOD_REFUSED),
)
async def withdraw_period(principal: Closer, tx: Tx, month: Month) -> Period:
    """It is as it was before."""
    period = await handlers.withdraw(
        tx, community=principal.community, month=_first_day(month), by=_actor(principal)
    )
    return await _answer(tx.conn, period)


def _first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _actor(principal: Principal) -> Actor:
    return Actor(principal.person_id, principal.credential)


async def _today(conn: Connection, community: str) -> date:
    return (await load_calendar(conn, community=community)).day_of(datetime.now(UTC))


async def _answer(conn: Connection, period: domain.Period) -> Period:
    (answered,) = await _periods(conn, [period], community=period.community)
    return answered


async def _periods(conn: Connection, periods: Sequence[domain.Period], *, community: str) -> list[Period]:
    """Months as they are answered, in their order."""
    done = [
        (actor, at)
        for one in periods
        for actor, at in ((one.proposed_by, one.proposed_at), (one.decided_by, one.decided_at))
        if actor is not None and at is not None
    ]
    said = iter(await deeds(conn, done, community=community))
    return [
        Period(
            month=one.name,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            state=one.state_name,
            reason=one.reason,
            proposed=next(said) if one.proposed_by and one.proposed_at else None,
            decided=next(said) if one.decided_by and one.decided_at else None,
            block=PeriodBlock.model_validate(one.block) if one.block else None,
        )
        for one in periods
    ]
