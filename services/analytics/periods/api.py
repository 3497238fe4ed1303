"""What every question to analytics may ask for: days, periods and their pages, who may ask; and shares."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Annotated, Any, Final, Self, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from services.analytics.periods.domain import FIRST_DAY, LAST_DAY, PeriodPlace, periods
from shared.calendars import By, Calendar, Span
from shared.followed_communities import load_calendar
from shared.http import (
    Conn,
    Day,
    FieldError,
    Page,
    Principal,
    Problem,
    ProblemType,
    Public,
    Scope,
    after,
    encode_cursor,
    requires,
)
from shared.http.connected import ACTOR
from shared.spreadsheets import csv_lines

INVALID_DAYS = ProblemType("invalid-days", 422, "The days are not valid")

DEFAULT_RANGE_DAYS = 30

Item = TypeVar("Item")
Found = TypeVar("Found")

Reader = Annotated[Principal, requires(Scope.ANALYTICS_READ)]
#: Who reads figures, which say nothing of anybody: a community may show them to everybody.
FigureReader = Annotated[Principal, requires(Scope.ANALYTICS_READ, public=Public.FIGURES)]


async def asked_calendar(request: Request, conn: Conn) -> Calendar:
    """The calendar of the caller's community; in a route's parameters the caller comes before it."""
    return await load_calendar(conn, community=request.scope[ACTOR].community)


AskedCalendar = Annotated[Calendar, Depends(asked_calendar)]


def asked_days(
    calendar: AskedCalendar,
    from_: Annotated[
        Day | None, Query(alias="from", description="First day of event time; 29 days before `to` by default")
    ] = None,
    to: Annotated[Day | None, Query(description="Last day of event time; today by default")] = None,
) -> Span:
    """The days asked for. Raises Problem 422 when they are the wrong way round or out of any calendar's reach."""
    last = to or calendar.day_of(datetime.now(UTC))
    if not FIRST_DAY <= last <= LAST_DAY:
        raise _bad_days("to", f"Give a day from {FIRST_DAY} to {LAST_DAY}")
    first = from_ or max(FIRST_DAY, last - timedelta(days=DEFAULT_RANGE_DAYS - 1))
    if not FIRST_DAY <= first <= last:
        raise _bad_days("from", f"Give a day from {FIRST_DAY} to {last}, the day of `to`")
    return Span(first, last)


def _bad_days(field: str, detail: str) -> Problem:
    return Problem(INVALID_DAYS, detail, [FieldError(field=field, detail=detail)])


AskedDays = Annotated[Span, Depends(asked_days)]
AskedPlace = Annotated[PeriodPlace | None, after(PeriodPlace)]
Grain = Annotated[By, Query(description="A day, a week or a calendar month, by the community's calendar")]


@dataclass(frozen=True, slots=True)
class PageOfPeriods:
    """The periods on a page, and the cursor to the next page."""

    spans: Sequence[Span]
    next: str | None

    def of(self, item: Callable[[Span, Found], Item], found: Mapping[date, Found], *, quiet: Found) -> Page[Item]:
        """An item for each period, of what was `found` by its first day; of `quiet` where nothing was."""
        return Page(items=[item(span, found.get(span.starts_on, quiet)) for span in self.spans], next=self.next)


def page_of_periods(
    by: By, days: Span, place: PeriodPlace | None, limit: int, calendar: Calendar
) -> PageOfPeriods:
    """The periods that hold `days`, from `place` on: at most `limit`."""
    first = date.fromordinal(place.first_day) if place else days.starts_on
    spans, following = periods(by, first, days.ends_on, limit, calendar)
    cursor = encode_cursor(PeriodPlace(following.toordinal())) if following else None
    return PageOfPeriods(spans, cursor)


#: Periods in one answer that is not paged.
PERIODS_MAX_COUNT: Final = 500


def cut_periods(by: By, days: Span, calendar: Calendar) -> Sequence[Span]:
    """The periods of the days, the first and last cut to them. Raises Problem 422 where they are too many."""
    spans, following = periods(by, days.starts_on, days.ends_on, PERIODS_MAX_COUNT, calendar)
    if following is not None:
        raise _bad_days(
            "from", f"These are more than {PERIODS_MAX_COUNT} periods: ask for less by `from` and `to`"
        )
    return [Span(max(span.starts_on, days.starts_on), min(span.ends_on, days.ends_on)) for span in spans]


def table(name: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Response:
    """Rows as a file of comma-separated values."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(csv_lines([headings, *rows]), media_type="text/csv; charset=utf-8", headers=headers)


#: What a route that answers with a table says of itself.
CSV_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "RFC 4180, in UTF-8", "content": {"text/csv": {}}},
}


class ShareShown(BaseModel):
    """So many of so many."""

    number: int = Field(examples=[2])
    of: int = Field(examples=[3])
    value: float | None = Field(description="The quotient; null where `of` is zero", examples=[0.6667])
    why_none: str | None = Field(None, description="Why there is no value", examples=[None])

    @classmethod
    def of_counts(cls, number: int, of: int, *, why_none: str) -> Self:
        """A share as the API shows it, to four places."""
        if not of:
            return cls(number=number, of=0, value=None, why_none=why_none)
        return cls(number=number, of=of, value=round(float(Fraction(number, of)), 4))

    @property
    def cell(self) -> str:
        """The value as a cell of a table; empty where there is none."""
        return "" if self.value is None else str(self.value)
