"""When a payout run is prepared: days and a time in the community's zone, and which of them are due."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from services.rewards.approvals.domain import Approval, ApprovalState, Author
from services.rewards.ledger.domain.entries import derived_id
from services.rewards.payouts.runs.domain.rails import Rail
from services.rewards.providers.domain.contract import ProviderName
from shared.calendars import Calendar, month_of
from shared.contracts.fields import LocalDay, Timestamp, Uuid
from shared.zones import LAST_YEAR, zone

SHOWN_TIMES_COUNT = 3
NOTHING_TO_PAY = "nobody has points that a run would pay"
#: Times that passed while nobody was there are counted up to so many: a run is made of the last of them alone.
MISSED_MAX_COUNT = 1_000
_A_DAY = timedelta(days=1)
_A_MOMENT = timedelta(microseconds=1)
_MONTHS_OF_QUARTER = 3


class Every(StrEnum):
    """How often."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


class TimeState(StrEnum):
    """What has become of one time of a schedule, or of one rail at that time."""

    COMPUTING = "computing"
    PREPARED = "prepared"
    NOTHING = "nothing"
    REFUSED = "refused"


class UnknownScheduleError(Exception):
    """There is no such schedule."""


class TooManySchedulesError(Exception):
    """As many are in force in the community as may be; the message says how many."""


class ScheduleStateError(Exception):
    """The schedule is not in force; the message says so."""


class SchedulePlace(NamedTuple):
    """Where a schedule stands in the list of them: the newest first."""

    proposed_at: Timestamp
    schedule_id: Uuid


class TimePlace(NamedTuple):
    """Where a time of a schedule stands in the list of them: the newest first."""

    day: LocalDay


@dataclass(frozen=True, slots=True)
class ScheduleTerms:
    """On which days of the community, from `effective_from` on, and at what time there.

    `on_day` is the day of the week (Monday is 1) or of the month; where a month is shorter, its last day.
    `month_of_quarter` is 1 to 3, and None but for quarters.
    """

    effective_from: date
    every: Every
    on_day: int
    at: time
    month_of_quarter: int | None = None

    def days_from(self, first: date) -> Iterator[date]:
        """Its days that are neither before `first` nor before it applies, in order."""
        first = max(first, self.effective_from)
        if first.year > LAST_YEAR:
            return
        if self.every is Every.WEEK:
            day = first + (self.on_day - first.isoweekday()) % 7 * _A_DAY
            while day.year <= LAST_YEAR:
                yield day
                day += 7 * _A_DAY
            return
        month = first.replace(day=1)
        while month.year <= LAST_YEAR:
            ends_on = month_of(month).ends_on
            day = month.replace(day=min(self.on_day, ends_on.day))
            if day >= first and self._is_month(month):
                yield day
            month = ends_on + _A_DAY

    def _is_month(self, month: date) -> bool:
        return self.every is Every.MONTH or (month.month - 1) % _MONTHS_OF_QUARTER + 1 == self.month_of_quarter

    def moment_of(self, day: date, calendar: Calendar) -> datetime:
        """The moment (UTC) on a day of the community at which clocks there show its time.

        A time that is left out when clocks are changed is as much later, of one that comes twice it is the first;
        it never leaves the day, and on a day that a change of zone left out it is where the next one begins.
        """
        start, end = calendar.start_of(day), calendar.start_of(day + _A_DAY)
        here = zone(calendar.in_force(start).time_zone)
        moment = datetime.combine(day, self.at, here).astimezone(UTC)
        return max(start, min(moment, end - _A_MOMENT)) if start < end else start


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule: proposed by one person, in force once another approved it, until somebody stops it."""

    community: str
    schedule_id: str
    terms: ScheduleTerms
    approval: Approval
    stopped_at: datetime | None = None
    stopped_by: Author | None = None

    @property
    def place(self) -> SchedulePlace:
        """Where it stands among the schedules."""
        return SchedulePlace(self.approval.proposed_at, self.schedule_id)

    @property
    def is_in_force(self) -> bool:
        """Whether runs are prepared by it."""
        return self.approval.state is ApprovalState.APPROVED and self.stopped_at is None

    def stopped(self, *, by: Author, now: datetime) -> "Schedule":
        """It as no more runs are prepared by it; itself when that was done.

        Raises ScheduleStateError when it was never in force.
        """
        if self.approval.state is not ApprovalState.APPROVED:
            raise ScheduleStateError(f"The schedule is {self.approval.state}; only one in force is stopped")
        return self if self.stopped_at is not None else replace(self, stopped_at=now, stopped_by=by)

    def key_of(self, day: date, rail: Rail | None = None) -> str:
        """What names its run of a day by a rail, None: the first. No header can have it, for its line feeds."""
        key = f"schedule\n{self.schedule_id}\n{day.isoformat()}"
        return key if rail is None else f"{key}\n{rail.provider or ''}\n{rail.currency}"

    def times_from(self, first: date, calendar: Calendar) -> Iterator["Time"]:
        """Its times that are neither before a day nor before it was approved, in order."""
        approved_at = self.approval.decided_at
        for day in self.terms.days_from(first):
            due_at = self.terms.moment_of(day, calendar)
            if approved_at is not None and due_at >= approved_at:
                yield Time(day, due_at)

    def next_times(self, now: datetime, calendar: Calendar) -> list["Time"]:
        """Its next times after a moment; none where it is not in force."""
        if not self.is_in_force:
            return []
        times = self.times_from(calendar.day_of(now), calendar)
        return list(islice((time for time in times if time.due_at > now), SHOWN_TIMES_COUNT))


class Time(NamedTuple):
    """One time of a schedule: the community's day, and the moment (UTC)."""

    day: date
    due_at: datetime


class Due(NamedTuple):
    """What is due of a schedule: its last time that has come, and how many before it nobody was there for."""

    time: Time
    missed_count: int


def due(schedule: Schedule, *, last_day: date | None, calendar: Calendar, now: datetime) -> Due | None:
    """What is due at a moment after the time of `last_day`; None where nothing is.

    Days count, never moments: a change of zone moves none of them, so no day has two runs.
    """
    if not schedule.is_in_force:
        return None
    first = schedule.terms.effective_from if last_day is None else last_day + _A_DAY
    found, missed_count = None, -1
    for time_ in schedule.times_from(_not_long_before(first, schedule=schedule, calendar=calendar), calendar):
        if time_.due_at > now:
            break
        found, missed_count = time_, min(missed_count + 1, MISSED_MAX_COUNT)
    return None if found is None else Due(found, missed_count)


def _not_long_before(first: date, *, schedule: Schedule, calendar: Calendar) -> date:
    approved_at = schedule.approval.decided_at
    return first if approved_at is None else max(first, calendar.day_of(approved_at))


class ScheduledRun(NamedTuple):
    """What became of one rail at a time: `run_id` is the run that was prepared, `reason` why there is none.

    `currency` is empty where none could be told.
    """

    provider: ProviderName | None
    currency: str
    state: TimeState
    run_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ScheduledTime:
    """A time of a schedule that has come, and what became of it by each rail, that of who chose nothing first.

    `missed_count` times before it passed while nobody was there: they are made up for by this one.
    """

    community: str
    schedule_id: str
    time: Time
    missed_count: int
    noted_at: datetime
    runs: Sequence[ScheduledRun] = ()

    @property
    def place(self) -> TimePlace:
        """Where it stands among the times."""
        return TimePlace(self.time.day)

    @property
    def state(self) -> TimeState:
        """What has become of all of it: what needs somebody before what goes on, and that before what is done."""
        states = {run.state for run in self.runs}
        order = (TimeState.REFUSED, TimeState.COMPUTING, TimeState.PREPARED)
        return next((state for state in order if state in states), TimeState.NOTHING)

    @property
    def run_id(self) -> str | None:
        """Its first run; None where there is none."""
        return next((run.run_id for run in self.runs if run.run_id is not None), None)

    @property
    def reason(self) -> str | None:
        """Why it has no run, or one less than it should have; None where nothing is wrong."""
        if not self.runs:
            return NOTHING_TO_PAY
        return next((run.reason for run in self.runs if run.reason is not None), None)


def request_id(run_id: str, *, community: str, person_id: str) -> str:
    """The id of the message that tells somebody of a run of a schedule."""
    return derived_id(f"{community}|payout schedule|{run_id}|{person_id}")
