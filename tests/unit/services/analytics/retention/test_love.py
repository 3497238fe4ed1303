"""Love, levels and gravity: the figures of the Orbit model's own pages."""

import random
from datetime import date

import pytest

from services.analytics.response_times.domain.waiting import absence_factor
from services.analytics.retention.domain.concentration import NOTHING, TOP, Concentration
from services.analytics.retention.domain.love import (
    Monthly,
    Move,
    Orbit,
    following,
    gravity,
    level_of,
    love_in,
    moves_of,
)

FEBRUARY = date(2020, 2, 1)


@pytest.mark.parametrize(
    ("months", "love", "level"),
    [
        # W: two acts of weight 3 in January. Z: one of 1 in November and one of 3. L: one of 1 in December.
        ([Monthly(date(2020, 1, 1), 6)], 5.4, 1),
        ([Monthly(date(2019, 11, 1), 1), Monthly(FEBRUARY, 3)], 3.729, 1),
        ([Monthly(date(2019, 12, 1), 1)], 0.81, 3),
        ([Monthly(FEBRUARY, 1)], 1.0, 2),
        ([Monthly(date(2019, 2, 1), 1)], 0.9**12, 4),
        ([Monthly(date(2020, 3, 1), 5)], 0, 4),
    ],
)
def test_love_goes_by_calendar_months(months: list[Monthly], love: float, level: int) -> None:
    assert love_in(FEBRUARY, months) == pytest.approx(love)
    assert level_of(love) == level


def test_a_level_begins_at_its_bound() -> None:
    assert [level_of(love) for love in (1.5, 1.4999, 1.0, 0.9999, 0.5, 0.4999)] == [1, 2, 2, 3, 3, 4]


def test_moves_are_where_the_level_of_each_month_changes() -> None:
    chance = random.Random(5)
    for _ in range(200):
        numbers = sorted(chance.sample(range(60), chance.randint(0, 6)))
        months = [Monthly(date(2020 + n // 12, n % 12 + 1, 1), chance.choice((1, 1, 2, 30))) for n in numbers]
        wanted, before, month = [], 0, months[0].month if months else None
        while month is not None and month < date(2032, 1, 1):
            love = love_in(month, months)
            if level_of(love) != before:
                wanted.append((month, before, level_of(love), pytest.approx(love)))
                before = level_of(love)
            month = following(month)
        assert [tuple(move) for move in moves_of(months)] == wanted


def test_whoever_does_nothing_falls_in_advance_and_nothing_is_beyond_the_calendar() -> None:
    assert list(moves_of([Monthly(date(2024, 1, 1), 1)])) == [
        Move(date(2024, 1, 1), 0, 2, 1.0),
        Move(date(2024, 2, 1), 2, 3, 0.9),
        Move(date(2024, 8, 1), 3, 4, pytest.approx(0.9**7)),
    ]
    assert list(moves_of([Monthly(date(9999, 12, 1), 1)])) == [Move(date(9999, 12, 1), 0, 2, 1.0)]


def test_gravity_is_the_growth_of_commitment_by_the_members_of_before() -> None:
    january, february, march = (
        Orbit({4: 17, 3: 8, 2: 4, 1: 1}),
        Orbit({4: 15, 3: 9, 2: 5, 1: 1}),
        Orbit({4: 12, 3: 10, 2: 6, 1: 2}),
    )
    assert [one.commitment for one in (january, february, march)] == [441, 504, 666]
    assert gravity(january, february) == (63, 30)
    assert gravity(february, march) == (162, 30)
    assert gravity(january, Orbit({4: 18, 3: 8, 2: 4, 1: 1})) == (1, 30)
    assert gravity(Orbit({}), january)[1] == 0


@pytest.mark.parametrize(
    ("contributions", "factor"),
    [
        ([1000, 202, 90, 33, 332, 343, 42, 433], 2),
        ([50, 30, 20], 1),
        ([25, 25, 25, 25], 2),
        ([10, 10, 10], 2),
        ([100], 1),
        ([], None),
    ],
)
def test_the_absence_factor_is_that_of_chaoss(contributions: list[int], factor: int | None) -> None:
    found = Concentration({number: contributions.count(number) for number in contributions})
    assert found.absence_factor == factor == absence_factor(contributions)


def test_the_most_active_are_so_many_rounded_up() -> None:
    found = Concentration({100: 1, 10: 9, 1: 90})
    assert (found.members, found.events) == (100, 280)
    assert [found.of_top(share) for share in TOP] == [100, 190]
    assert (NOTHING.of_top(TOP[0]), NOTHING.absence_factor) == (0, None)
