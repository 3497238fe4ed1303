"""Days, weeks and months as analytics counts them: those of its calendar, by event time; and slices."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, NamedTuple

from pydantic import Field

from shared.calendars import By, Calendar, Span

#: What can be asked for: far enough from either end of the calendar to add a period.
FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(9000, 1, 1)


class PeriodPlace(NamedTuple):
    """A period's place among those asked for: its first day, as `date.toordinal` counts."""

    first_day: Annotated[int, Field(ge=FIRST_DAY.toordinal(), le=LAST_DAY.toordinal())]


def periods(
    by: By, first: date, last: date, limit_count: int, calendar: Calendar
) -> tuple[list[Span], date | None]:
    """The periods from the one that holds `first` to the one that holds `last`, whole, at most `limit_count`.

    The second value is the first day of the period to go on with, or None when `last` was reached.
    """
    spans: list[Span] = []
    day = first
    while day <= last:
        if len(spans) == limit_count:
            return spans, day
        span = calendar.period_of(by, day)
        spans.append(span)
        if span.ends_on == date.max:
            break
        day = span.ends_on + timedelta(days=1)
    return spans, None


def largest(sizes: Mapping[str, int], limit_count: int) -> list[str]:
    """The names of the largest slices, the largest first, of one size by their letters; the rest is `other`."""
    return sorted(sizes, key=lambda name: (-sizes[name], name))[:limit_count]
