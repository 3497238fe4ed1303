"""Routes of schedules of payout runs: proposed by one person, approved by another, stopped by either."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.rewards.approvals.api import ApprovalStateName, approval_shown, author
from services.rewards.approvals.domain import ApprovalState
from services.rewards.payouts.sanctions.handlers import load_why_not_whole
from services.rewards.payouts.schedules import domain, handlers, store
from services.rewards.payouts.schedules.domain import (
    SHOWN_TIMES_COUNT,
    Every,
    SchedulePlace,
    TimePlace,
)
from services.rewards.providers.domain.contract import ProviderName
from shared.calendars import Calendar
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.followed_communities import load_calendar
from shared.http import (
    Conn,
    Day,
    Limit,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.postgres import Connection

UNKNOWN_SCHEDULE = ProblemType("unknown-payout-schedule", 404, "Schedule not found")
SCHEDULE_FOUR_EYES = ProblemType("payout-schedule-four-eyes", 403, "Another person must do that")
SCHEDULE_DECIDED = ProblemType("payout-schedule-decided", 409, "The schedule is not in a state for that")
TOO_MANY_SCHEDULES = ProblemType("too-many-payout-schedules", 409, "Too many schedules")

router = APIRouter(tags=["payout runs"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Maker = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]

_EVERY = tuple(every.value for every in Every)
EveryName = Literal[_EVERY]  # type: ignore[valid-type]
_TIME_STATES = tuple(state.value for state in domain.TimeState)
TimeStateName = Literal[_TIME_STATES]  # type: ignore[valid-type]
#: Hours and minutes, as clocks of the community show them.
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
_ON_DAY = "Of the week (Monday is 1) or of the month; where that is shorter, its last day"
_MONTH = "The first, second or third of each quarter; null but for quarters"
_AT = "In the community's time zone"
_DAYS_OF_WEEK = 7


class PayoutScheduleTerms(RequestBody):
    """When payout runs are prepared."""

    effective_from: Day = Field(
        description="On this day or later, in the community's zone", examples=["2026-01-01"]
    )
    every: EveryName = Field(examples=["month"])
    on_day: int = Field(ge=1, le=31, description=_ON_DAY, examples=[28])
    month_of_quarter: int | None = Field(None, ge=1, le=3, description=_MONTH)
    at: Clock = Field("09:00", description=_AT, examples=["09:00"])

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.every == Every.WEEK and self.on_day > _DAYS_OF_WEEK:
            raise PydanticCustomError("on_day", "on_day of a week is 1 to 7")
        if (self.every == Every.QUARTER) != (self.month_of_quarter is not None):
            raise PydanticCustomError(
                "month_of_quarter", "month_of_quarter stands with every quarter, and then only"
            )
        return self

    @property
    def terms(self) -> domain.ScheduleTerms:
        """As the domain has them."""
        at = time.fromisoformat(self.at)
        return domain.ScheduleTerms(self.effective_from, Every(self.every), self.on_day, at, self.month_of_quarter)


class ScheduleTime(BaseModel):
    """A time of a schedule that has not come yet."""

    day: date = Field(description="The community's")
    at: datetime = Field(description="The moment at which its run is prepared")


class ScheduleRun(BaseModel):
    """What became of one rail at a time: by bank in a currency, or by a provider."""

    model_config = ConfigDict(from_attributes=True)

    provider: ProviderName | None = Field(description="By which provider; null: by bank", examples=["paypal"])
    currency: str = Field(description="Empty where none could be told", examples=["EUR"])
    state: TimeStateName = Field(
        description="computing, prepared: the run is there; refused: no run could be made, see `reason`"
    )
    run_id: UUID | None
    reason: str | None = Field(description="Why there is no run")


class ScheduleTimePast(BaseModel):
    """A time of a schedule that has come, and what became of it."""

    day: date
    at: datetime
    state: TimeStateName = Field(
        description="computing, prepared: its runs are there; nothing: nobody had anything to be paid; refused: a "
        "run could not be made, see `reason`"
    )
    missed_count: int = Field(
        description="Times before this one that passed while the service was down; this one makes up for them"
    )
    run_id: UUID | None = Field(description="The first of its `runs`")
    reason: str | None = Field(description="Why there is no run, or one less")
    runs: list[ScheduleRun] = Field(
        description="One for each currency by bank, and for each provider, by which somebody had to be paid"
    )
    noted_at: datetime

    @classmethod
    def of(cls, past: domain.ScheduledTime) -> Self:
        """The time as it is answered."""
        return cls(
            day=past.time.day,
            at=past.time.due_at,
            state=past.state.value,
            missed_count=past.missed_count,
            run_id=UUID(past.run_id) if past.run_id else None,
            reason=past.reason,
            runs=[ScheduleRun.model_validate(run) for run in past.runs],
            noted_at=past.noted_at,
        )


class PayoutSchedule(BaseModel):
    """When payout runs are prepared, and who proposed, decided and stopped that."""

    schedule_id: UUID
    state: ApprovalStateName
    is_in_force: bool = Field(description="Approved, and not stopped")
    effective_from: date
    every: EveryName
    on_day: int = Field(description=_ON_DAY, examples=[28])
    month_of_quarter: int | None = Field(description=_MONTH)
    at: str = Field(description=_AT, examples=["09:00"])
    time_zone: str = Field(description="The community's just now", examples=["Europe/Rome"])
    next_times: list[ScheduleTime] = Field(description=f"The next {SHOWN_TIMES_COUNT}, while it is in force")
    last_time: ScheduleTimePast | None
    runs_stopped: str | None = Field(
        description="Why runs that it prepares do not go on just now; null where nothing stops them, or it is not "
        "in force"
    )
    proposed_at: datetime
    proposed_by: str = Field(examples=["Mia"])
    proposed_by_person: UUID | None
    decided_at: datetime | None = Field(description="When it was approved or withdrawn")
    decided_by: str | None = Field(examples=["Omar"])
    decided_by_person: UUID | None
    stopped_at: datetime | None
    stopped_by: str | None = Field(examples=["Mia"])
    stopped_by_person: UUID | None

    @classmethod
    def of(
        cls,
        schedule: domain.Schedule,
        *,
        last: domain.ScheduledTime | None,
        calendar: Calendar,
        runs_stopped: str | None,
        now: datetime,
    ) -> Self:
        """The schedule as it is answered at a moment."""
        terms, stopper = schedule.terms, schedule.stopped_by
        return cls(
            schedule_id=UUID(schedule.schedule_id),
            is_in_force=schedule.is_in_force,
            effective_from=terms.effective_from,
            every=terms.every.value,
            on_day=terms.on_day,
            month_of_quarter=terms.month_of_quarter,
            at=terms.at.strftime("%H:%M"),
            time_zone=calendar.in_force(now).time_zone,
            next_times=[ScheduleTime(day=day, at=at) for day, at in schedule.next_times(now, calendar)],
            last_time=None if last is None else ScheduleTimePast.of(last),
            runs_stopped=runs_stopped if schedule.is_in_force else None,
            stopped_at=schedule.stopped_at,
            stopped_by=None if stopper is None else stopper.name,
            stopped_by_person=None if stopper is None or not stopper.person_id else UUID(stopper.person_id),
            **approval_shown(schedule.approval),
        )


@router.post(
    "/v1/payout-schedules",
    summary="Propose when payout runs are prepared",
    status_code=201,
    response_model=PayoutSchedule,
    responses=problem_responses(TOO_MANY_SCHEDULES, KEY_REUSED),
)
async def post_schedule(
    principal: Maker, tx: Tx, terms: PayoutScheduleTerms, idempotency_key: IdempotencyKey
) -> Response:
    """It is in force once another person approves it. At each of its times runs are computed, approved by nobody:
    one for each currency by bank, and for each provider, by which somebody has anything to be paid.

    Whoever proposes the schedule is who made its runs, and so does not approve them. Who may approve and is a
    member is written to. Of several times that passed while the service was down, the last one is made up for.
    """

    async def work() -> PayoutSchedule:
        made = await handlers.propose_schedule(
            tx, community=principal.community, key=idempotency_key, terms=terms.terms, by=author(principal)
        )
        return await _one(tx.conn, made)

    key = CommandKey(principal.community, "payout_schedule", idempotency_key)
    return await answer_once(tx, Command(key, terms.model_dump(mode="json")), work=work)


@router.get(
    "/v1/payout-schedules", summary="Schedules of payout runs, newest first", responses=problem_responses()
)
async def list_schedules(
    principal: Reader,
    conn: Conn,
    place: Annotated[SchedulePlace | None, after(SchedulePlace)],
    state: Annotated[ApprovalStateName | None, Query(description="Only these")] = None,
    limit: Limit = 100,
) -> Page[PayoutSchedule]:
    """Those in force with their next times, those that wait for another person, and those that are over."""
    found = await store.page_of_schedules(
        conn,
        community=principal.community,
        state=None if state is None else ApprovalState(state),
        after=place,
        limit=limit,
    )
    shown = await _shown(conn, found, community=principal.community)
    by_id = {str(one.schedule_id): one for one in shown}
    return Page.of(found, limit, item=lambda one: by_id[one.schedule_id], place=lambda one: one.place)


@router.get(
    "/v1/payout-schedules/{schedule_id}",
    summary="A schedule of payout runs",
    responses=problem_responses(UNKNOWN_SCHEDULE),
)
async def get_schedule(principal: Reader, conn: Conn, schedule_id: UUID) -> PayoutSchedule:
    """When its runs are prepared, and who proposed, decided and stopped it."""
    found = await handlers.load_schedule(conn, community=principal.community, schedule_id=str(schedule_id))
    return await _one(conn, found)


@router.get(
    "/v1/payout-schedules/{schedule_id}/times",
    summary="Times of a schedule that have come, newest first",
    responses=problem_responses(UNKNOWN_SCHEDULE),
)
async def list_times(
    principal: Reader,
    conn: Conn,
    schedule_id: UUID,
    place: Annotated[TimePlace | None, after(TimePlace)],
    limit: Limit = 100,
) -> Page[ScheduleTimePast]:
    """Each with the run that was prepared, or why there is none."""
    key = {"community": principal.community, "schedule_id": str(schedule_id)}
    await handlers.load_schedule(conn, **key)
    found = await store.page_of_times(conn, **key, after=place, limit=limit)
    return Page.of(found, limit, item=ScheduleTimePast.of, place=lambda past: past.place)


@router.post(
    "/v1/payout-schedules/{schedule_id}/approve",
    summary="Put a schedule in force that another person proposed",
    responses=problem_responses(UNKNOWN_SCHEDULE, SCHEDULE_FOUR_EYES, SCHEDULE_DECIDED, TOO_MANY_SCHEDULES),
)
async def approve_schedule(principal: Approver, tx: Tx, schedule_id: UUID) -> PayoutSchedule:
    """Whoever proposed it cannot, by whatever key; approving again changes nothing. No run is approved by that."""
    return await _one(
        tx.conn,
        await handlers.approve_schedule(
            tx, community=principal.community, schedule_id=str(schedule_id), by=author(principal)
        ),
    )


@router.post(
    "/v1/payout-schedules/{schedule_id}/withdraw",
    summary="Have a proposed schedule never come into force",
    responses=problem_responses(UNKNOWN_SCHEDULE, SCHEDULE_DECIDED),
)
async def withdraw_schedule(principal: Maker, tx: Tx, schedule_id: UUID) -> PayoutSchedule:
    """Whoever proposed it may, and anybody else who could have; withdrawing again changes nothing."""
    return await _one(
        tx.conn,
        await handlers.withdraw_schedule(
            tx, community=principal.community, schedule_id=str(schedule_id), by=author(principal)
        ),
    )


@router.post(
    "/v1/payout-schedules/{schedule_id}/stop",
    summary="Have no more runs prepared by a schedule",
    responses=problem_responses(UNKNOWN_SCHEDULE, SCHEDULE_DECIDED),
)
async def stop_schedule(principal: Maker, tx: Tx, schedule_id: UUID) -> PayoutSchedule:
    """One person is enough; another schedule needs two again. Runs that there are stay; again changes nothing."""
    return await _one(
        tx.conn,
        await handlers.stop_schedule(
            tx, community=principal.community, schedule_id=str(schedule_id), by=author(principal)
        ),
    )


async def _one(conn: Connection, schedule: domain.Schedule) -> PayoutSchedule:
    (shown,) = await _shown(conn, [schedule], community=schedule.community)
    return shown


async def _shown(
    conn: Connection, schedules: Sequence[domain.Schedule], *, community: str
) -> list[PayoutSchedule]:
    calendar, now = await load_calendar(conn, community=community), datetime.now(UTC)
    runs_stopped = await load_why_not_whole(conn, community=community)
    last = await store.load_last_times(
        conn, community=community, schedule_ids=[schedule.schedule_id for schedule in schedules]
    )
    return [
        PayoutSchedule.of(
            schedule,
            last=last.get(schedule.schedule_id),
            calendar=calendar,
            runs_stopped=runs_stopped,
            now=now,
        )
        for schedule in schedules
    ]
