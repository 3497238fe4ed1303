"""What people's active days add up to: the known answers of growth, cohorts, retention, silence and activation."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.retention.domain.contributions import (
    NOBODY,
    Figure,
    Key,
    Person,
    Terms,
    activation_end,
    change,
    contribution,
)
from services.analytics.retention.domain.questions import Growth, Share, mature
from shared.calendars import PLAIN, Calendar, Reckoning

TERMS = Terms(silence_days=30, win_back_days=30, activation_days=7)
ROME = Calendar([Reckoning(None, "Europe/Rome", "monday")])
MONTHS = {"A": [1, 2, 3], "B": [1, 2, 4], "C": [1, 3, 4], "D": [2, 3], "E": [2], "F": [3], "G": [4]}


def counted(people: Mapping[str, Person], calendar: Calendar = PLAIN, terms: Terms = TERMS) -> Counter[Key]:
    return Counter(key for one in people.values() for key in contribution(one, calendar=calendar, terms=terms))


def in_months(months: Mapping[str, list[int]]) -> dict[str, Person]:
    return {name: Person([date(2024, month, 10) for month in sorted(those)]) for name, those in months.items()}


def growth(people: Mapping[str, Person], month: int) -> tuple[int, ...]:
    """Active, new, retained, resurrected and churned."""
    counts = counted(people)
    day = date(2024, month, 1)
    found = Growth(
        *(counts[Key(Figure(f"month_{part}"), day)] for part in ("new", "retained", "resurrected", "churned"))
    )
    return found.active, found.new, found.retained, found.resurrected, found.churned


def test_growth_accounts_for_every_change_of_the_active() -> None:
    people = in_months(MONTHS)
    assert [growth(people, month) for month in range(1, 6)] == [
        (3, 3, 0, 0, 0),
        (4, 2, 2, 0, 1),
        (4, 1, 2, 1, 2),
        (3, 1, 1, 1, 3),
        (0, 0, 0, 0, 3),
    ]


def test_growths_shares_have_no_value_where_nobody_is_divided_by() -> None:
    assert [
        Growth(*parts).quick_ratio.value
        for parts in ((3, 0, 0, 0), (2, 2, 0, 1), (1, 2, 1, 2), (1, 1, 1, 3), (0, 0, 0, 3))
    ] == [None, 2.0, 1.0, pytest.approx(2 / 3), 0.0]
    assert [Share(0, 0).value, Share(2, 3).value, Share(0, 3).value] == [None, pytest.approx(2 / 3), 0.0]


def test_a_late_event_moves_its_member_from_churned_to_retained_in_the_past() -> None:
    late = in_months(MONTHS | {"B": [1, 2, 3, 4]})
    assert growth(late, 3) == (5, 1, 3, 1, 1)
    assert growth(late, 4) == (3, 1, 2, 0, 3)


def test_whoever_is_merged_into_another_is_new_no_more() -> None:
    merged = {name: those for name, those in MONTHS.items() if name != "G"} | {"A": [1, 2, 3, 4]}
    assert growth(in_months(merged), 4) == (3, 0, 2, 1, 2)


RETAINED = {"A": [0, 1, 7, 30], "B": [0, 1], "C": [0, 7], "D": [0, 30], "E": [0, 2, 8, 10], "F": [0]}


def curve(people: Mapping[str, Person], today: date) -> dict[str, Any]:
    counts = counted(people)

    def share(figure: Figure, number: int) -> tuple[int, int]:
        sizes: Counter[date] = Counter()
        for key, members in counts.items():
            if key.figure is Figure.ON_DAY and key.number == 0:
                sizes[key.day] += members
        of = mature(sizes, day=number, today=today)
        ripe = [key for key in counts if key.figure is figure and key.number == number]
        return sum(counts[key] for key in ripe if key.day + timedelta(days=number) < today), of

    return {
        figure: [share(figure, number) for number in numbers]
        for figure, numbers in (
            (Figure.ON_DAY, (1, 7, 30)),
            (Figure.FROM_DAY, (1, 7, 30)),
            (Figure.IN_BRACKET, (3, 7, 30)),
        )
    }


def test_retention_is_bounded_unbounded_or_in_a_bracket() -> None:
    first, today = date(2024, 1, 1), date(2024, 4, 1)
    people = {name: Person([first + timedelta(days=age) for age in ages]) for name, ages in RETAINED.items()}
    assert curve(people, today) == {
        Figure.ON_DAY: [(2, 6), (2, 6), (2, 6)],
        Figure.FROM_DAY: [(5, 6), (4, 6), (2, 6)],
        Figure.IN_BRACKET: [(3, 6), (2, 6), (3, 6)],
    }


def test_whose_day_is_not_over_is_in_neither_number() -> None:
    first, today = date(2024, 1, 1), date(2024, 4, 1)
    people = {name: Person([first + timedelta(days=age) for age in ages]) for name, ages in RETAINED.items()}
    people["G"] = Person([today - timedelta(days=5)])
    found = curve(people, today)
    assert found[Figure.ON_DAY][:2] == [(2, 7), (2, 6)]
    # One set of members for both kinds: the unbounded is never below the bounded.
    assert found[Figure.FROM_DAY][:2] == [(5, 7), (4, 6)]


@pytest.mark.parametrize(("day_before_midnight", "left", "returned"), [(True, 0, 0), (False, 1, 1)])
def test_silence_ends_with_its_last_whole_day(day_before_midnight: bool, left: int, returned: int) -> None:
    last = datetime(2024, 5, 1, 16, tzinfo=UTC)
    back = datetime(2024, 5, 31, 21 if day_before_midnight else 22, 59 if day_before_midnight else 0, tzinfo=UTC)
    person = Person([ROME.day_of(last), ROME.day_of(back)])
    counts = counted({"A": person}, ROME)
    assert counts[Key(Figure.LEFT, date(2024, 6, 1))] == left
    assert counts[Key(Figure.WON_BACK, date(2024, 6, 1))] == returned
    assert counts[Key(Figure.RETURNED, date(2024, 6, 1))] == returned
    assert ROME.start_of(date(2024, 6, 1)) == datetime(2024, 5, 31, 22, tzinfo=UTC)


def test_who_is_back_after_the_days_for_it_is_not_won_back() -> None:
    left = date(2024, 6, 1)
    people = {str(back): Person([date(2024, 5, 1), left + timedelta(days=back)]) for back in (0, 29, 30, 200)} | {
        "gone": Person([date(2024, 5, 1)])
    }
    counts = counted(people)
    assert counts[Key(Figure.LEFT, left)] == 5
    assert counts[Key(Figure.WON_BACK, left)] == 2  # 2 of 5: 40 %


def test_activation_ends_after_local_days_not_after_hours() -> None:
    joined = datetime(2024, 3, 25, 9, tzinfo=UTC)
    assert activation_end(joined, calendar=ROME, days=7).astimezone(UTC) == datetime(2024, 4, 1, 8, tzinfo=UTC)


def test_the_ends_of_the_calendar_are_days_as_well() -> None:
    counts = counted({"A": Person([date.min, date.max])}, terms=Terms(366, 366, 366))
    assert counts[Key(Figure.MONTH_RESURRECTED, date(9999, 12, 1))] == 1
    assert not any(key.figure is Figure.MONTH_CHURNED and key.day > date(9999, 12, 1) for key in counts)


days = st.lists(st.integers(0, 200), unique=True, max_size=12).map(
    lambda found: Person([date(2026, 1, 1) + timedelta(days=one) for one in sorted(found)], "forum")
)


@given(before=days, after=days)
def test_a_change_leads_from_what_was_counted_to_what_is(before: Person, after: Person) -> None:
    total = Counter(contribution(before, calendar=PLAIN, terms=TERMS))
    total.update(change(before, after, calendar=PLAIN, terms=TERMS))
    assert +total == Counter(contribution(after, calendar=PLAIN, terms=TERMS))
    assert change(after, NOBODY, calendar=PLAIN, terms=TERMS) == {
        key: -number for key, number in Counter(contribution(after, calendar=PLAIN, terms=TERMS)).items()
    }


@given(st.lists(days, max_size=6))
def test_the_active_of_a_period_are_those_before_and_who_came_but_those_who_left(people: list[Person]) -> None:
    counts = counted({str(number): one for number, one in enumerate(people)})
    for month in range(2, 8):
        span = [
            sum(any(day.replace(day=1) == date(2026, one, 1) for day in person.days) for person in people)
            for one in (month - 1, month)
        ]
        found = [
            counts[Key(Figure(f"month_{part}"), date(2026, month, 1))]
            for part in ("new", "resurrected", "churned")
        ]
        assert span[1] == span[0] + found[0] + found[1] - found[2]
