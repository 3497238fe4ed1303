"""Decay and reach, by the figures of the Orbit model's own pages and by hand."""

from datetime import date
from fractions import Fraction
from math import log
from time import process_time

import pytest

from services.scoring.scores.domain import (
    Reaching,
    Standing,
    commitment,
    decayed,
    density,
    faded,
    gravity,
    gravity_of_period,
    love,
    months_between,
    reach,
)

TODAY = date(2020, 2, 20)


@pytest.mark.parametrize(
    ("acts", "right"),
    [
        ([(date(2020, 1, 14), 3), (date(2020, 1, 20), 3)], "5.4"),
        ([(date(2019, 11, 14), 1), (date(2020, 2, 11), 3)], "3.729"),
        # Hardly two months have passed, and two of the calendar have.
        ([(date(2019, 12, 21), 1)], "0.81"),
        ([], "0"),
    ],
    ids=["W", "Z", "L", "nobody"],
)
def test_love_is_less_by_the_calendar_month(acts: list[tuple[date, int]], right: str) -> None:
    assert love(acts, today=TODAY) == Fraction(right)
    assert love(reversed(acts), today=TODAY) == Fraction(right)


def test_a_month_ends_at_its_end_whatever_its_length() -> None:
    assert months_between(date(2024, 2, 29), date(2024, 2, 29)) == 0
    assert months_between(date(2024, 2, 29), date(2024, 3, 1)) == 1
    assert months_between(date(2023, 12, 31), date(2024, 1, 1)) == 1
    assert months_between(date(2024, 3, 1), date(2024, 2, 29)) == 0
    assert love([(date(2024, 1, 31), 10)], today=date(2024, 2, 1)) == 9
    assert love([(date(2024, 1, 1), 10)], today=date(2024, 1, 31)) == 10


def test_a_year_leaves_what_the_half_life_says() -> None:
    assert float(decayed(1, 12)) == pytest.approx(0.282, abs=0.0005)
    half_life = log(0.5) / log(0.9)
    assert half_life == pytest.approx(6.58, abs=0.005)
    assert decayed(100, 6) > 50 > decayed(100, 7)


def test_what_is_shown_of_a_score_is_its_love_and_takes_no_longer_for_a_day_far_away() -> None:
    acts = [(date(2010 + month // 12, month % 12 + 1, 5), 1_000 + month) for month in range(120)]
    assert faded(acts, today=TODAY) == pytest.approx(float(love(acts, today=TODAY)), rel=1e-12)
    started = process_time()
    # Each of twenty scores of somebody who has been here for ten years: exactly, it takes minutes.
    assert [faded(acts, today=date.max, monthly_percent=99) for _ in range(20)] == [0] * 20
    assert process_time() - started < 1


def test_reach_adds_up_connections_and_idle_ones_fade() -> None:
    assert reach([Reaching(4), Reaching(3), Reaching(1), Reaching(7)]) == 15
    assert reach([Reaching(7, 3)]) == Fraction("5.103")
    assert float(reach([Reaching(7, 12)])) == pytest.approx(1.977, abs=0.0005)
    assert reach([Reaching(10), Reaching(1)]) == 11
    assert density(5, 6) == Fraction("0.6")
    assert density(1, 0) is None


def test_gravity_is_love_by_reach() -> None:
    pairs = [(2, 6), (6, 3), (7, 3), (4, 5), (2, 1)]
    # 12 + 18 + 21 + 20 + 2
    assert gravity(Standing(Fraction(one), Fraction(far)) for one, far in pairs) == 73


def test_gravity_of_a_period_is_what_commitment_grew_for_each_member() -> None:
    months = [{1: 17, 4: 8, 7: 4, 10: 1}, {1: 15, 4: 9, 7: 5, 10: 1}, {1: 12, 4: 10, 7: 6, 10: 2}]
    assert [commitment(one) for one in months] == [441, 504, 666]
    assert gravity_of_period(months[0], months[1]) == Fraction("2.1")
    assert gravity_of_period(months[1], months[2]) == Fraction("5.4")
    # One who came adds their own: 1 of 30.
    assert gravity_of_period(months[0], months[0] | {1: 18}) == Fraction(1, 30)
    assert gravity_of_period({}, months[0]) is None
