"""Days, ISO weeks and months, and their pages."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.analytics.periods.domain import periods
from shared.calendars import PLAIN, By, Calendar, Reckoning, Span

DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))
GRAINS: tuple[By, ...] = ("day", "week", "month")


@pytest.mark.parametrize(
    ("by", "day", "span"),
    [
        ("day", date(2024, 2, 29), Span(date(2024, 2, 29), date(2024, 2, 29))),
        # ISO 8601: the 1st of January 2027 is in the last week of 2026.
        ("week", date(2027, 1, 1), Span(date(2026, 12, 28), date(2027, 1, 3))),
        ("month", date(2024, 2, 10), Span(date(2024, 2, 1), date(2024, 2, 29))),
        ("month", date(2026, 12, 31), Span(date(2026, 12, 1), date(2026, 12, 31))),
    ],
)
def test_the_period_of_a_day(by: By, day: date, span: Span) -> None:
    assert PLAIN.period_of(by, day) == span


#: From a Wednesday on, weeks begin on Sundays.
CUT = Calendar([*PLAIN.reckonings, Reckoning(datetime(2026, 3, 4, tzinfo=UTC), "UTC", "sunday")])


@given(st.sampled_from([PLAIN, CUT]), st.sampled_from(GRAINS), DAYS, st.integers(0, 400), st.integers(1, 50))
@example(CUT, "week", date(2026, 2, 20), 30, 1)
def test_pages_of_periods_cover_every_day_once(
    calendar: Calendar, by: By, first: date, length: int, limit: int
) -> None:
    last = first + timedelta(days=length)
    spans, following = periods(by, first, last, limit, calendar)
    while following is not None:
        more, following = periods(by, following, last, limit, calendar)
        assert 0 < len(more) <= limit
        spans += more
    assert spans[0].starts_on <= first <= spans[0].ends_on
    assert spans[-1].starts_on <= last <= spans[-1].ends_on
    for span, after in pairwise(spans):
        assert after.starts_on == span.ends_on + timedelta(days=1)
    assert all(calendar.period_of(by, span.ends_on) == span for span in spans)


def test_the_end_of_the_calendar_is_no_trap() -> None:
    assert periods("day", date.max, date.max, 10, PLAIN) == ([Span(date.max, date.max)], None)
