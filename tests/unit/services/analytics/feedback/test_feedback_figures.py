"""NPS, CSAT and CES with their intervals, by answers that numpy, scipy and statsmodels gave; what is too few."""

from collections import Counter
from datetime import date

import pytest

from services.analytics.feedback.domain import (
    Answers,
    by_period,
    feedback_of,
    mean,
    nps,
    response_percent,
    share,
    t_quantile,
    together,
)


@pytest.mark.parametrize(
    ("promoters", "passives", "detractors", "value", "low", "high"),
    [
        (50, 30, 20, 30, 14.05, 44.20),
        (5, 3, 2, 30, -19.05, 65.20),
        (70, 20, 10, 60, 45.27, 71.24),
        (10, 0, 0, 100, 47.50, 100),
        (3, 0, 0, 100, -6.58, 100),
    ],
)
def test_nps(promoters: int, passives: int, detractors: int, value: float, low: float, high: float) -> None:
    found = nps(promoters, detractors, promoters + passives + detractors)
    assert [round(one, 2) for one in found] == [value, low, high]


@pytest.mark.parametrize(
    ("satisfied", "count", "low", "high"),
    [(84, 100, 75.58, 89.90), (9, 10, 59.58, 98.21), (10, 10, 72.25, 100), (0, 10, 0, 27.75), (1, 1, 20.65, 100)],
)
def test_csat(satisfied: int, count: int, low: float, high: float) -> None:
    found = share(satisfied, count)
    assert [round(one, 2) for one in found] == [round(100 * satisfied / count, 2), low, high]


def test_ces() -> None:
    answers = Counter([7, 6, 5, 7, 4, 3, 6, 7, 2, 5])
    found = mean(answers)
    assert found is not None
    assert [round(one, 2) for one in found] == [5.20, 3.95, 6.45]
    feedback = feedback_of("ces", {str(number): times for number, times in answers.items()})
    assert feedback is not None
    assert feedback.share is not None
    assert [round(one, 2) for one in feedback.share] == [70, 39.68, 89.22]


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.7062), (2, 4.3027), (9, 2.2622), (30, 2.0423), (99, 1.9842), (100, 1.9840), (1000, 1.9623)],
)
def test_students_t_as_tables_have_it(freedom: int, quantile: float) -> None:
    assert round(t_quantile(freedom), 4) == quantile


def test_fewer_than_five_are_in_no_figure_and_in_no_sum() -> None:
    answers = [
        Answers(date(2026, 1, 3), "9", 5),
        Answers(date(2026, 2, 3), "1", 4),
        Answers(date(2026, 4, 1), "10", 6),
    ]
    months = by_period("nps", answers, {date(2026, 2, 1): 9}, by="month")
    assert [(one.starts_on, one.asked, one.feedback and one.feedback.answers) for one in months] == [
        (date(2026, 4, 1), 0, 6),
        (date(2026, 2, 1), 9, None),
        (date(2026, 1, 1), 0, 5),
    ]
    whole = together("nps", months)
    assert whole is not None
    assert (whole.answers, whole.counts) == (11, {"9": 5, "10": 6})
    quarters = by_period("nps", answers, {}, by="quarter")
    # Nine less five would be what four said.
    assert [(one.starts_on, one.feedback and one.feedback.answers) for one in quarters] == [
        (date(2026, 4, 1), 6),
        (date(2026, 1, 1), 5),
    ]


def test_answers_without_numbers_are_counted() -> None:
    found = feedback_of("choice", {"docs": 3, "help": 4})
    assert found is not None
    assert (found.answers, found.score) == (7, None)


def test_who_answers() -> None:
    assert response_percent(84, 188) == pytest.approx(44.68, abs=0.01)
    assert (response_percent(0, 0), response_percent(3, 2)) == (None, None)
