"""Where a streak stands: a function of what was done, of a member's calendar and of freezes they were given."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import NamedTuple

from services.recognition.streaks.domain.dates import Dates
from services.recognition.streaks.domain.freezes import FREEZES_LEFT_MAX_COUNT
from shared.contracts.programme import EVERY_DAY, Streak

WEEK_DAYS_COUNT = 7
ALL_WEEKDAYS = frozenset(range(WEEK_DAYS_COUNT))
#: Dates lie at most so far beside the one that it is, for somebody who moves.
_REACH_DAYS = 2


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is due: something on `goal` different dates of every `days`, counted from a Monday.

    1 is each day and 7 each ISO week; `weekdays` (Monday is 0) are those on which something may be due at all.
    """

    days: int = 1
    goal: int = 1
    weekdays: frozenset[int] = ALL_WEEKDAYS

    def period_of(self, day: date) -> int:
        """The number of the period that a date is in: numbers of neighbours differ by one, at a year's end too."""
        return (day.toordinal() - 1) // self.days

    def first_date(self, period: int) -> date:
        """The date with which a period begins."""
        return date.fromordinal(period * self.days + 1)

    def dates(self, period: int) -> list[date]:
        """The dates of a period on which something may be due."""
        first = self.first_date(period)
        every = (first + timedelta(days=number) for number in range(self.days))
        return [day for day in every if day.weekday() in self.weekdays]

    @classmethod
    def of(cls, streak: Streak) -> "Rhythm":
        """What a programme's streak asks for."""
        return cls(streak.days, streak.goal, frozenset(map(EVERY_DAY.index, streak.weekdays)))


class Earning(NamedTuple):
    """A freeze for each so many `every` periods in a row, unless `hold` are kept already."""

    every: int
    hold: int


DAILY = Rhythm()
WEEKLY = Rhythm(days=WEEK_DAYS_COUNT)


class Day(StrEnum):
    """What became of a date."""

    DONE = "done"
    #: A freeze was spent on its period.
    FROZEN = "frozen"
    #: Too little was done in its period, and the streak was none or ended with it.
    MISSED = "missed"
    #: Its period is not over.
    OPEN = "open"
    #: Nothing was due, or was not lived.
    FREE = "free"


class Standing(NamedTuple):
    """Periods in a row: now, and at most ever; freezes spent, and those left; when the next one is lost.

    `ends_at` is when the streak ends or a freeze is spent unless something is done before; None where nothing is
    due, as when what is open is done or there is no streak.
    """

    current: int = 0
    longest: int = 0
    spent: int = 0
    left: int = 0
    ends_at: datetime | None = None
    frozen: frozenset[int] = frozenset()


class _Period(NamedTuple):
    is_owed: bool
    over_at: datetime


def standing(
    days: Collection[date],
    *,
    calendar: Dates,
    as_of: datetime,
    rhythm: Rhythm = DAILY,
    freezes: Iterable[datetime] = (),
    earning: Earning | None = None,
) -> Standing:
    """Where a streak stands at a moment (aware), of dates on which something was done until then.

    `freezes` are the moments at which each was given; by `earning` some come of the streak itself. A freeze keeps
    a streak over one period in which too little was done, and adds nothing; it is spent on the first such period
    that ends after it was given. A period that was not lived through, or is not over, is not missed.
    """
    given = sorted(freeze for freeze in freezes if freeze <= as_of)
    walk = _Walk(calendar, as_of, rhythm, given, earning)
    done_on = Counter(rhythm.period_of(day) for day in set(days) if day.weekday() in rhythm.weekdays)
    done = sorted(period for period, times in done_on.items() if times >= rhythm.goal)
    for period in done:
        walk.pass_over(period)
        walk.add(period)
    return walk.end()


def picture(
    days: Collection[date],
    *,
    calendar: Dates,
    as_of: datetime,
    rhythm: Rhythm,
    found: Standing,
    count_days: int,
) -> list[tuple[date, Day]]:
    """What became of each of the last so many dates, the last first one being that of the moment; oldest first."""
    today = calendar.date_of(as_of)
    done = set(days)
    shown = []
    for number in range(count_days - 1, -1, -1):
        day = today - timedelta(days=number)
        lived = calendar.lived(day)
        period = rhythm.period_of(day)
        if day in done:
            became = Day.DONE
        elif lived is None or not lived.is_owed or day.weekday() not in rhythm.weekdays:
            became = Day.FREE
        elif period in found.frozen:
            became = Day.FROZEN
        elif _is_open(period, calendar, as_of, rhythm):
            became = Day.OPEN
        else:
            became = Day.FREE if _is_done(period, done, rhythm) else Day.MISSED
        shown.append((day, became))
    return shown


def _is_open(period: int, calendar: Dates, as_of: datetime, rhythm: Rhythm) -> bool:
    ends = [lived.over_at for day in rhythm.dates(period) if (lived := calendar.lived(day)) is not None]
    return bool(ends) and max(ends) > as_of


def _is_done(period: int, done: Collection[date], rhythm: Rhythm) -> bool:
    return sum(day in done for day in rhythm.dates(period)) >= rhythm.goal


class _Walk:
    """Goes from one period in which enough was done to the next, and over those between them."""

    def __init__(
        self,
        calendar: Dates,
        as_of: datetime,
        rhythm: Rhythm,
        given: list[datetime],
        earning: Earning | None,
    ) -> None:
        self._calendar = calendar
        self._as_of = as_of
        self._rhythm = rhythm
        self._given = given
        self._given_on = [calendar.date_of(at) for at in given]
        self._earning = earning
        self._current = self._longest = self._earned = self._last = 0
        self._frozen: set[int] = set()

    def add(self, period: int) -> None:
        """Count a period in which enough was done; it may earn a freeze, which is there for those after it."""
        self._current += 1
        self._longest = max(self._longest, self._current)
        self._last = period
        if self._earning is not None and self._current % self._earning.every == 0:
            begins, after = self._rhythm.first_date(period), self._rhythm.first_date(period + 1)
            kept = self._earned - len(self._frozen)
            held = kept + sum(day < begins for day in self._given_on)
            # With what was given meanwhile nobody has more than may be given.
            with_given = kept + sum(day < after for day in self._given_on)
            self._earned += held < self._earning.hold and with_given < FREEZES_LEFT_MAX_COUNT

    def pass_over(self, until: int) -> None:
        """Go over the periods after the last that counts and before this one; the first that is missed ends it."""
        for period in range(self._last + 1, until) if self._current else ():
            lived = self._lived(period)
            if lived is None or not lived.is_owed or lived.over_at > self._as_of:
                continue
            if sum(at < lived.over_at for at in self._given) + self._earned <= len(self._frozen):
                self._current = 0
                return
            self._frozen.add(period)

    def end(self) -> Standing:
        """Go on until the moment that is asked for."""
        today = self._calendar.date_of(self._as_of)
        final = self._rhythm.period_of(today + timedelta(days=_REACH_DAYS)) + 1
        self.pass_over(final)
        spent = len(self._frozen)
        left = len(self._given) + self._earned - spent
        return Standing(self._current, self._longest, spent, left, self._next_end(final), frozenset(self._frozen))

    def _next_end(self, final: int) -> datetime | None:
        if not self._current:
            return None
        for period in count(self._last + 1):
            lived = self._lived(period)
            if lived is not None and lived.is_owed and lived.over_at > self._as_of:
                is_begun = self._calendar.date_of(self._as_of) >= self._rhythm.first_date(period)
                return lived.over_at if is_begun else None
            if period > final:
                return None
        return None

    def _lived(self, period: int) -> _Period | None:
        found = [lived for day in self._rhythm.dates(period) if (lived := self._calendar.lived(day)) is not None]
        if not found:
            return None
        is_owed = sum(lived.is_owed for lived in found) >= self._rhythm.goal
        return _Period(is_owed, max(lived.over_at for lived in found))
