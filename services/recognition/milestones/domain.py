"""Years that pass: the dates of anniversaries, which of them is celebrated now, and when the next begins."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

from services.recognition.streaks.domain.dates import Calendar
from shared.contracts.programme import Milestone
from shared.zones import day_start

#: An anniversary that is found later than that after it began is not celebrated any more: it was of the past when
#: it came to be known, or nothing ran.
CELEBRATED_WITHIN: Final = timedelta(days=3)
_LEAP_DAY: Final = (2, 29)
_EVERY_YEAR_UNTIL: Final = 150
NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


class First(NamedTuple):
    """When a person first did something (UTC), and as which of their members."""

    member_id: str
    at: datetime


class Anniversary(NamedTuple):
    """So many years of a milestone, and the moment (UTC) when its day begins where the member lives."""

    milestone: Milestone
    years: int
    begins_at: datetime


def anniversary(first: date, years: int) -> date:
    """The date so many years later: of 29 February the 28th in a year that has none.

    Raises OverflowError for a year past 9999.
    """
    year = first.year + years
    if year > date.max.year:
        raise OverflowError(year)
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if (first.month, first.day) == _LEAP_DAY and not is_leap:
        return date(year, 2, 28)
    return first.replace(year=year)


def begins_at(day: date, calendar: Calendar) -> datetime:
    """The moment at which a date begins for a member."""
    midnight = datetime.combine(day, time(), UTC)
    return day_start(calendar.zone_at(midnight), day)


def anniversaries(milestone: Milestone, first: date, calendar: Calendar) -> Iterator[Anniversary]:
    """The anniversaries of a milestone, the earliest first, for who has them since the date `first`."""
    for years in milestone.at or range(1, _EVERY_YEAR_UNTIL + 1):
        try:
            yield Anniversary(milestone, years, begins_at(anniversary(first, years), calendar))
        except OverflowError:
            return


def looked_at(
    dated: Iterable[tuple[Milestone, date]], calendar: Calendar, *, now: datetime, highest: Mapping[str, int]
) -> tuple[list[Anniversary], datetime]:
    """What is to be celebrated now of milestones, each with the date since which, and when to look again.

    `highest` are the years that were celebrated last, by milestone: never fewer after more.
    """
    celebrated: list[Anniversary] = []
    again = NEVER
    for milestone, first in dated:
        newest: Anniversary | None = None
        for one in anniversaries(milestone, first, calendar):
            if one.begins_at > now:
                again = min(again, one.begins_at)
                break
            newest = one
        if newest is None or now - newest.begins_at > CELEBRATED_WITHIN:
            continue
        if newest.years > highest.get(milestone.id, 0):
            celebrated.append(newest)
    return celebrated, again
