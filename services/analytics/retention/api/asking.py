"""What questions about retention ask for: which periods, of which calendar, and which day today is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import Depends, Query

from services.analytics.periods.api import (
    INVALID_DAYS,
    AskedCalendar,
    AskedDays,
    AskedPlace,
    PageOfPeriods,
    page_of_periods,
)
from services.analytics.periods.domain import periods
from services.analytics.settings import Settings
from shared.calendars import Calendar, Span
from shared.http import FieldError, Limit, Problem, configured

#: Periods in one table: half a century of weeks.
TABLE_MAX_COUNT: Final = 2_600

OwnSettings = Annotated[Settings, configured(Settings)]
WeekOrMonth = Annotated[
    Literal["week", "month"], Query(description="A week or a calendar month, by the community's calendar")
]


@dataclass(frozen=True, slots=True)
class Asking:
    """Which days are asked for, by which calendar, and which day it is there."""

    days: Span
    calendar: Calendar
    today: date

    def page(self, by: Literal["week", "month"], place: AskedPlace, limit: int) -> PageOfPeriods:
        """The periods on a page."""
        return page_of_periods(by, self.days, place, limit, self.calendar)

    def all_of(self, by: Literal["week", "month"]) -> Sequence[Span]:
        """All the periods, for a table. Raises Problem 422 where they are more than TABLE_MAX_COUNT."""
        spans, following = periods(by, self.days.starts_on, self.days.ends_on, TABLE_MAX_COUNT, self.calendar)
        if following is not None:
            detail = f"These are more than {TABLE_MAX_COUNT:,} periods: ask for less by `from` and `to`"
            raise Problem(INVALID_DAYS, detail, [FieldError(field="from", detail=detail)])
        return spans

    def following(self, by: Literal["week", "month"], first: Span, last: Span, count: int) -> Sequence[Span]:
        """The periods from `first` to `count` behind `last`, as far as they have begun."""
        spans = [first]
        behind = 0
        while behind < count:
            span = self.calendar.period_of(by, spans[-1].ends_on + timedelta(days=1))
            if span.starts_on > self.today:
                break
            spans.append(span)
            behind += span.starts_on > last.starts_on
        return spans


def _asking(days: AskedDays, calendar: AskedCalendar) -> Asking:
    return Asking(days, calendar, calendar.day_of(datetime.now(UTC)))


#: In a route's parameters the caller comes before it.
Asked = Annotated[Asking, Depends(_asking)]
__all__ = ["Asked", "AskedPlace", "Asking", "Limit", "OwnSettings", "WeekOrMonth"]
