"""Whatever days somebody chooses, and on whatever days they look: nothing tells what fewer than five answered."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.analytics.feedback.domain import (
    PERIODS_MAX_COUNT,
    SHOWN_MIN_COUNT,
    Answers,
    Cell,
    by_period,
    counted_until,
    months_of,
    sliced,
    together,
    whole_months,
)
from shared.calendars import Span

FIRST = date(2026, 1, 1)
DAYS = 100
LAST = FIRST + timedelta(days=DAYS)


def shown(days: Sequence[int], span: Span, today: date) -> list[Mapping[str, int]]:
    """The answers that each number shown of some days has in it, each named by its place."""
    given_so_far = [
        Answers(day, str(place), 1)
        for place, day in enumerate(FIRST + timedelta(days=one) for one in days)
        if day <= today
    ]
    months = months_of(span)
    there = [one for one in given_so_far if months.starts_on <= one.day <= months.ends_on]
    until = counted_until(there, today=today)
    found = []
    for by in ("month", "quarter"):
        periods = by_period("choice", there, {}, by=by, until=until)
        found += [one.feedback for one in periods] + [together("choice", periods)]
    over = whole_months(span, today=today)
    if over is not None:
        cells = [
            Cell(one.day.replace(day=1), one.answer, (), 1)
            for one in given_so_far
            if over.starts_on <= one.day <= over.ends_on
        ]
        found += [one.everybody for one in sliced("choice", cells, (), by="month")]
    return [one.counts for one in found if one is not None]


def apart(days: Sequence[int], looks: Sequence[tuple[Span, date]]) -> list[int]:
    """How many answers there are of each group that can be told from all others by all that is shown."""
    within: defaultdict[str, set[int]] = defaultdict(set)
    for number, counts in enumerate(counts for look in looks for counts in shown(days, *look)):
        for answer in counts:
            within[answer].add(number)
    return list(Counter(frozenset(numbers) for numbers in within.values()).values())


SPANS = st.tuples(st.integers(0, DAYS), st.integers(0, DAYS)).map(
    lambda ends: Span(FIRST + timedelta(days=min(ends)), FIRST + timedelta(days=max(ends)))
)


@given(
    days=st.lists(st.integers(0, DAYS - 8), max_size=80),
    spans=st.lists(SPANS, min_size=2, max_size=6),
    looked_on=st.sets(st.integers(0, DAYS), min_size=1, max_size=12),
)
@example(days=[3] * 5 + [20] * 5 + [30] * 2 + [33], spans=[Span(FIRST, LAST)] * 2, looked_on=set(range(DAYS)))
@example(
    days=[3] * 3 + [40] * 4 + [70] * 4, spans=[Span(FIRST, LAST), Span(date(2026, 2, 1), LAST)], looked_on={99}
)
def test_no_days_and_no_looks_tell_fewer_than_five_apart(
    days: list[int], spans: list[Span], looked_on: set[int]
) -> None:
    looks = [(span, FIRST + timedelta(days=day)) for span in spans for day in sorted(looked_on)]
    assert all(size >= SHOWN_MIN_COUNT for size in apart(days, looks))


def test_a_month_that_goes_on_is_shown_in_lots_and_whole_once_it_is_over() -> None:
    days = [0, 1, 2, 3, 3, 8, 8, 8, 8, 9, 20]
    whole = Span(FIRST, LAST)
    so_many = [
        sum(shown(days, whole, FIRST + timedelta(days=day))[0].values())
        if shown(days, whole, FIRST + timedelta(days=day))
        else 0
        for day in (3, 9, 10, 30, 31)
    ]
    # Five are there after the 4th, and shown once five more are; the last joins the lot before it.
    assert so_many == [0, 0, 5, 5, 11]


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2026, 1, 31), date(2026, 2, 1), (date(2026, 1, 1), date(2026, 2, 28))),
        (date(2026, 3, 5), date(2026, 3, 5), (date(2026, 3, 1), date(2026, 3, 31))),
    ],
)
def test_days_stand_for_their_months(first: date, last: date, months: tuple[date, date]) -> None:
    assert months_of(Span(first, last)) == Span(*months)


def test_only_the_newest_periods_are_shown() -> None:
    old = [
        Answers(date(2000 + number // 12, number % 12 + 1, 1), "9", 5) for number in range(PERIODS_MAX_COUNT + 1)
    ]
    assert len(by_period("nps", old, {}, by="month")) == PERIODS_MAX_COUNT
