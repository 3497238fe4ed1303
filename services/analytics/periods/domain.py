"""Days, weeks and months as analytics counts them: UTC days of event time, ISO 8601 weeks, calendar months."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

By = Literal["day", "week", "month"]

#: What can be asked for: far enough from either end of the calendar to add a period.
FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(9000, 1, 1)


@dataclass(frozen=True, slots=True)
class Span:
    """Days in a row; both are in it."""

    starts_on: date
    ends_on: date


class PeriodPlace(NamedTuple):
    """A period's place among those asked for: its first day, as `date.toordinal` counts."""

    first_day: Annotated[int, Field(ge=FIRST_DAY.toordinal(), le=LAST_DAY.toordinal())]


def period_of(by: By, day: date) -> Span:
    """The day, the ISO week (Monday to Sunday) or the calendar month that holds `day`."""
    if by == "day":
        return Span(day, day)
    if by == "week":
        monday = day - timedelta(days=day.weekday())
        return Span(monday, monday + timedelta(days=6))
    first = day.replace(day=1)
    return Span(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def periods(by: By, first: date, last: date, limit_count: int) -> tuple[list[Span], date | None]:
    """The periods from the one that holds `first` to the one that holds `last`, whole, at most `limit_count`.

    The second value is the first day of the period to go on with, or None when `last` was reached.
    """
    spans: list[Span] = []
    day = first
    while day <= last:
        if len(spans) == limit_count:
            return spans, day
        span = period_of(by, day)
        spans.append(span)
        if span.ends_on == date.max:
            break
        day = span.ends_on + timedelta(days=1)
    return spans, None
