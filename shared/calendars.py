"""A community's calendar: which day, week and month a moment belongs to, in time zones that may change.

A calendar is a list of reckonings, each from its moment on. A new one takes effect where a day of the old one
ends, and never moves a day that was before: a day may become longer, shorter or be left out, but days follow one
another, no moment belongs to two of them and none to no day. So a day is one range of moments: from its `start_of`
to that of the next.
"""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Final, Literal, NamedTuple, get_args

from shared.contracts.facts import ReckoningData, Weekday
from shared.zones import FIRST_YEAR, LAST_YEAR, day_start, zone, zone_day

By = Literal["day", "week", "month"]

#: Two changes on one day cannot be: this is three months of one a day.
CHANGES_MAX_COUNT = 100
_A_DAY = timedelta(days=1)
_A_MOMENT = timedelta(microseconds=1)
_WEEKDAYS: Final[Sequence[str]] = get_args(Weekday)


class Reckoning(NamedTuple):
    """How days and weeks are counted from a moment on (UTC); None is always."""

    since: datetime | None
    time_zone: str
    week_start: Weekday


#: What a community has that nobody declared.
UTC_WEEKS: Final = Reckoning(None, "UTC", "monday")


class Span(NamedTuple):
    """Days in a row; both are in it."""

    starts_on: date
    ends_on: date


class TooManyChangesError(Exception):
    """A calendar was changed more often than CHANGES_MAX_COUNT times."""


class Calendar:
    """The days, weeks and months of a community, by its reckonings, oldest first."""

    def __init__(self, reckonings: Iterable[Reckoning] = (UTC_WEEKS,)) -> None:
        self.reckonings = tuple(reckonings)
        self._since = [reckoning.since for reckoning in self.reckonings[1:] if reckoning.since is not None]
        #: UTC alone: nothing has to be asked of a zone.
        self.is_utc = len(self.reckonings) == 1 and self.reckonings[0].time_zone == "UTC"
        #: UTC and weeks from Monday alone: what facts that say no day and week mean.
        self.is_plain = self.is_utc and self.reckonings[0].week_start == "monday"
        # The last day before each reckoning; none is before the first.
        self._last_before: list[date] = [date.min]
        for since in self._since:
            self._last_before.append(self._day_under(len(self._last_before) - 1, since - _A_MOMENT))

    @classmethod
    def of(cls, data: Iterable[ReckoningData]) -> "Calendar":
        """The calendar that a fact carries."""
        return cls(
            Reckoning(_utc(reckoning.get("since")), reckoning["time_zone"], reckoning["week_start"])
            for reckoning in data
        )

    @property
    def data(self) -> list[ReckoningData]:
        """The calendar as facts carry it."""
        return [_data(reckoning) for reckoning in self.reckonings]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calendar) and self.reckonings == other.reckonings

    def __hash__(self) -> int:
        return hash(self.reckonings)

    def __repr__(self) -> str:
        return f"Calendar({self.reckonings!r})"

    def day_of(self, moment: datetime) -> date:
        """The day that a moment belongs to."""
        if self.is_utc:
            return moment.astimezone(UTC).date()
        return self._day_under(bisect_right(self._since, moment), moment)

    def _day_under(self, place: int, moment: datetime) -> date:
        return max(self._last_before[place], zone_day(self.reckonings[place].time_zone, moment))

    def said_day(self, moment: datetime) -> date | None:
        """The day that a fact about a moment says; None where it is the UTC day, which goes without saying."""
        day = self.day_of(moment)
        return None if day == moment.astimezone(UTC).date() else day

    def said_week(self, moment: datetime) -> date | None:
        """The first day of its week that a fact about a moment says; None where it is the Monday of its day."""
        day = self.day_of(moment)
        first = self.week_of(day).starts_on
        return None if first == monday_of(day) else first

    def start_of(self, day: date) -> datetime:
        """The moment (UTC) at which a day begins; one that is left out begins where the next one does."""
        for place, since in enumerate(self._since):
            start = self._start_under(place, day)
            if start < since:
                return start
        return self._start_under(len(self._since), day)

    def _start_under(self, place: int, day: date) -> datetime:
        one = self.reckonings[place]
        start = day_start(one.time_zone, day)
        return start if one.since is None else max(one.since, start)

    def week_of(self, day: date) -> Span:
        """The week that holds a day; a change of the day it starts on cuts the one under way, and no other."""
        place = bisect_right(self._week_cuts, day)
        first, week_start = self._weeks[place]
        # Both ends of Python's calendar are in a week, too: an event may say that it is of the year 1.
        start = day.toordinal() - (day.weekday() - _WEEKDAYS.index(week_start)) % 7
        end = date.fromordinal(min(start + 6, date.max.toordinal()))
        if place < len(self._week_cuts):
            end = min(end, self._week_cuts[place] - _A_DAY)
        return Span(max(date.fromordinal(max(start, 1)), first), end)

    def days_later(self, moment: datetime, count_days: int) -> datetime:
        """The moment (UTC) so many days later at the same time of day, in the zone in force at `moment`.

        A day has 23 or 25 hours where clocks are changed. A time of day that is left out then is as much later;
        of one that comes twice it is the first.
        """
        # At either end of the calendar a zone's clock, or the days, would go beyond it.
        if not FIRST_YEAR <= moment.year < LAST_YEAR:
            return moment
        here = zone(self.in_force(moment).time_zone)
        local = moment.astimezone(here).replace(tzinfo=None, fold=0)
        return (local + timedelta(days=count_days)).replace(tzinfo=here).astimezone(UTC)

    @property
    def week_starts(self) -> Sequence[tuple[date, Weekday]]:
        """The first day of each way to begin a week, and that way: what decides which week a day is in."""
        return self._weeks

    @cached_property
    def _weeks(self) -> list[tuple[date, Weekday]]:
        """The first day of each way to begin a week, and that way."""
        found = [(date.min, self.reckonings[0].week_start)]
        changes = zip(pairwise(self.reckonings), self._last_before[1:], strict=True)
        found += [
            (last + _A_DAY, new.week_start) for (old, new), last in changes if new.week_start != old.week_start
        ]
        return found

    @cached_property
    def _week_cuts(self) -> list[date]:
        return [first for first, _ in self._weeks[1:]]

    def period_of(self, by: By, day: date) -> Span:
        """The day, week or calendar month that holds a day."""
        if by == "week":
            return self.week_of(day)
        return Span(day, day) if by == "day" else month_of(day)

    def in_force(self, moment: datetime) -> Reckoning:
        """How days are counted at a moment."""
        return self.reckonings[bisect_right(self._since, moment)]

    def changed(self, *, time_zone: str, week_start: Weekday, at: datetime, notice: timedelta) -> "Calendar":
        """The calendar with another reckoning, said at the moment `at`.

        It takes effect where the first day ends that is still under way `notice` later; what was going to change
        after that does not. Raises TooManyChangesError beyond CHANGES_MAX_COUNT changes.
        """
        earliest = at + notice
        kept = Calendar(
            reckoning for reckoning in self.reckonings if reckoning.since is None or reckoning.since < earliest
        )
        now = kept.reckonings[-1]
        if (now.time_zone, now.week_start) == (time_zone, week_start):
            return kept
        if len(kept.reckonings) > CHANGES_MAX_COUNT:
            raise TooManyChangesError(f"the calendar was changed {CHANGES_MAX_COUNT} times")
        since = kept.start_of(kept.day_of(earliest) + _A_DAY)
        return Calendar((*kept.reckonings, Reckoning(since, time_zone, week_start)))


#: The calendar of a community that nobody declared.
PLAIN: Final = Calendar()


def monday_of(day: date) -> date:
    """The Monday of the ISO week of `day`: its week where nothing else is said."""
    return day - timedelta(days=day.weekday())


def month_of(day: date) -> Span:
    """The calendar month that holds a day."""
    return Span(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _data(one: Reckoning) -> ReckoningData:
    data: ReckoningData = {"time_zone": one.time_zone, "week_start": one.week_start}
    if one.since is not None:
        data["since"] = one.since
    return data
