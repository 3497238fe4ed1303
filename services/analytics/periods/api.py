"""What every question to analytics may ask for: days, periods, pages."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query

from services.analytics.periods.domain import By, Span, periods
from shared.http import FieldError, Principal, Problem, decode_cursor, encode_cursor, requires

DEFAULT_RANGE_DAYS = 30
FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(9000, 1, 1)
COUNT_MAX = 2**62

Reader = Annotated[Principal, requires("analytics:read")]


@dataclass(frozen=True)
class Days:
    """The UTC days that a question is about; both are in it."""

    first: date
    last: date


def asked_days(
    from_: Annotated[
        date | None, Query(alias="from", description="First UTC day of event time; 29 days before `to` by default")
    ] = None,
    to: Annotated[date | None, Query(description="Last UTC day of event time; today by default")] = None,
) -> Days:
    """The days asked for. Raises Problem 422 when they are the wrong way round or out of any calendar's reach."""
    last = to or datetime.now(UTC).date()
    if not FIRST_DAY <= last <= LAST_DAY:
        raise _bad_days("to", f"Give a day from {FIRST_DAY} to {LAST_DAY}")
    first = from_ or max(FIRST_DAY, last - timedelta(days=DEFAULT_RANGE_DAYS - 1))
    if not FIRST_DAY <= first <= last:
        raise _bad_days("from", f"Give a day from {FIRST_DAY} to {last}, the day of `to`")
    return Days(first, last)


def _bad_days(field: str, detail: str) -> Problem:
    return Problem(422, "The days are not valid", detail, [FieldError(field=field, detail=detail)])


AskedDays = Annotated[Days, Depends(asked_days)]
Grain = Annotated[By, Query(description="A UTC day, an ISO 8601 week (from Monday), or a calendar month")]


def page_of_periods(by: By, days: Days, after: str | None, limit: int) -> tuple[list[Span], str | None]:
    """The periods of a page and the cursor to the next page. Raises Problem 422 for a bad cursor."""
    key = decode_cursor(after, int)
    first = days.first
    if key is not None:
        if not FIRST_DAY.toordinal() <= key[0] <= LAST_DAY.toordinal():
            raise _bad_days("after", "Use the `next` of the page before, unchanged")
        first = date.fromordinal(key[0])
    spans, following = periods(by, first, days.last, limit)
    return spans, None if following is None else encode_cursor(following.toordinal())


def storable(text: str) -> str:
    """Text from outside, if PostgreSQL can take it. Raises Problem 422."""
    if "\x00" in text:
        raise Problem(422, "The text is not valid", "Leave out the character U+0000")
    return text


def in_count_range(number: int) -> int:
    """A cursor's number, brought into what PostgreSQL can take."""
    return max(-COUNT_MAX, min(COUNT_MAX, number))
