"""Where a streak stands: a function of what was done, of a member's calendar and of freezes they were given."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import NamedTuple

from services.recognition.streaks.domain.dates import Calendar

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


DAILY = Rhythm()
WEEKLY = Rhythm(days=WEEK_DAYS_COUNT)


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


class _Period(NamedTuple):
    is_owed: bool
    over_at: datetime


def standing(
    days: Collection[date],
    *,
    calendar: Calendar,
    as_of: datetime,
    rhythm: Rhythm = DAILY,
    freezes: Iterable[datetime] = (),
) -> Standing:
    """Where a streak stands at a moment (aware), of dates on which something was done until then.

    `freezes` are the moments at which each was given. A freeze keeps a streak over one period in which too little
    was done, and adds nothing; it is spent on the first such period that ends after it was given. A period that
    was not lived through, or is not over, is not missed.
    """
    given = sorted(freeze for freeze in freezes if freeze <= as_of)
    walk = _Walk(calendar, as_of, rhythm, given)
    done_on = Counter(rhythm.period_of(day) for day in set(days) if day.weekday() in rhythm.weekdays)
    done = sorted(period for period, times in done_on.items() if times >= rhythm.goal)
    for period in done:
        walk.pass_over(period)
        walk.add(period)
    return walk.end()


class _Walk:
    """Goes from one period in which enough was done to the next, and over those between them."""

    def __init__(self, calendar: Calendar, as_of: datetime, rhythm: Rhythm, given: list[datetime]) -> None:
        self._calendar = calendar
        self._as_of = as_of
        self._rhythm = rhythm
        self._given = given
        self._current = self._longest = self._spent = 0
        self._last = 0

    def add(self, period: int) -> None:
        """Count a period in which enough was done."""
        self._current += 1
        self._longest = max(self._longest, self._current)
        self._last = period

    def pass_over(self, until: int) -> None:
        """Go over the periods after the last that counts and before this one; the first that is missed ends it."""
        for period in range(self._last + 1, until) if self._current else ():
            lived = self._lived(period)
            if lived is None or not lived.is_owed or lived.over_at > self._as_of:
                continue
            if not self._spend(lived.over_at):
                self._current = 0
                return

    def _spend(self, before: datetime) -> bool:
        if sum(at < before for at in self._given) <= self._spent:
            return False
        self._spent += 1
        return True

    def end(self) -> Standing:
        """Go on until the moment that is asked for."""
        today = self._calendar.date_of(self._as_of)
        final = self._rhythm.period_of(today + timedelta(days=_REACH_DAYS)) + 1
        self.pass_over(final)
        left = len(self._given) - self._spent
        return Standing(self._current, self._longest, self._spent, left, self._next_end(final))

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
