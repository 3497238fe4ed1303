"""Anniversaries: their dates, when they begin where a member lives, and that fewer years never follow more."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recognition.milestones.domain import (
    CELEBRATED_WITHIN,
    NEVER,
    anniversaries,
    anniversary,
    begins_at,
    looked_at,
)
from services.recognition.streaks.domain.dates import Calendar, Move
from shared.contracts.programme import Milestone

EACH = Milestone(id="years", title="{n} years with us", since="joined")
SOME = Milestone(id="some", title="{n} years", since="joined", at=[1, 5, 10])
FIRST = datetime(2024, 2, 29, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "years", "is_on"),
    [
        (date(2024, 2, 29), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 4, date(2028, 2, 29)),
        (date(2096, 2, 29), 4, date(2100, 2, 28)),
        (date(2024, 3, 1), 1, date(2025, 3, 1)),
        (date(2023, 2, 28), 1, date(2024, 2, 28)),
        (date(2023, 12, 31), 10, date(2033, 12, 31)),
    ],
)
def test_a_year_later_is_the_same_date_and_of_29_february_the_28th_where_there_is_none(
    first: date, years: int, is_on: date
) -> None:
    assert anniversary(first, years) == is_on


def test_it_begins_at_midnight_where_the_member_lives_then_also_after_a_move() -> None:
    rome = Calendar("Europe/Rome")
    # In Rome it was the first of March already.
    (first, *_) = anniversaries(EACH, rome.date_of(FIRST), rome)
    assert first.begins_at == datetime(2025, 2, 28, 23, tzinfo=UTC)
    moved = Calendar("Europe/Rome", [Move(datetime(2024, 6, 1, tzinfo=UTC), "Asia/Tokyo")])
    (first, *_) = anniversaries(EACH, moved.date_of(FIRST), moved)
    assert first.begins_at == datetime(2025, 2, 28, 15, tzinfo=UTC)


def test_a_midnight_that_is_left_out_begins_when_the_clocks_go_on() -> None:
    # Asuncion put its clocks forward at midnight.
    assert begins_at(date(2021, 10, 3), Calendar("America/Asuncion")) == datetime(2021, 10, 3, 4, tzinfo=UTC)


def test_years_end_before_the_calendar_does() -> None:
    found = list(anniversaries(EACH, date(9900, 5, 1), Calendar("UTC")))
    assert len(found) == 99


def test_what_is_over_for_days_is_not_celebrated_and_the_next_is_waited_for() -> None:
    utc, joined = Calendar("UTC"), date(2020, 5, 1)
    begun = datetime(2026, 5, 1, tzinfo=UTC)
    (now,), again = looked_at([(EACH, joined)], utc, now=begun, highest={})
    assert (now.years, again) == (6, datetime(2027, 5, 1, tzinfo=UTC))
    assert looked_at([(EACH, joined)], utc, now=begun - timedelta(microseconds=1), highest={}) == ([], begun)
    late = begun + CELEBRATED_WITHIN + timedelta(seconds=1)
    assert looked_at([(EACH, joined)], utc, now=late, highest={}) == ([], datetime(2027, 5, 1, tzinfo=UTC))
    assert looked_at([(SOME, joined)], utc, now=late, highest={}) == ([], datetime(2030, 5, 1, tzinfo=UTC))
    ten = datetime(2030, 5, 2, tzinfo=UTC)
    (now,), again = looked_at([(SOME, joined)], utc, now=ten, highest={"some": 5})
    assert (now.years, again) == (10, NEVER)


@given(
    firsts=st.lists(st.integers(0, 9_000), min_size=1, max_size=4),
    days=st.lists(st.integers(0, 400), min_size=1, max_size=12),
)
def test_whenever_it_is_looked_at_and_whatever_is_learnt_of_the_beginning_years_only_rise(
    firsts: list[int], days: list[int]
) -> None:
    now, highest, seen = datetime(2026, 1, 1, tzinfo=UTC), 0, []
    for step, more in enumerate(days):
        now += timedelta(days=more)
        # An earlier act came, or the earliest was taken back.
        first = date(2000, 1, 1) + timedelta(days=firsts[step % len(firsts)])
        celebrated, again = looked_at(
            [(EACH, first)], Calendar("Europe/Rome"), now=now, highest={"years": highest}
        )
        assert again > now
        for one in celebrated:
            assert one.begins_at <= now <= one.begins_at + CELEBRATED_WITHIN
            seen.append(one.years)
            highest = one.years
    assert seen == sorted(set(seen))
