"""Response times with the known answers of Kaplan and Meier, and CHAOSS's absence factor."""

import random
from fractions import Fraction
from typing import Any

import pytest

from services.analytics.response_times.api.models import CURVE_HOURS
from services.analytics.response_times.domain.asking import Item, Said, said_by
from services.analytics.response_times.domain.report import Part, Report, reports
from services.analytics.response_times.domain.waiting import (
    ROUNDED_STEPS,
    Answerers,
    Waits,
    absence_factor,
    added,
    answered_share,
    nearest_rank,
    quantile,
    survival,
)

HOUR = 3_600
#: Answered after so many hours, and unanswered so far for so many.
TEN = Waits([hours * HOUR for hours in (1, 2, 3, 4, 10, 24, 48)], [hours * HOUR for hours in (5, 72, 72)], 9, 7, 6)


def test_who_still_waits_counts_for_as_long_as_they_have_waited() -> None:
    curve = survival(TEN)
    after = [round(1 - answered_share(curve, hours * HOUR), 4) for hours in (1, 2, 3, 4, 10, 24, 48, 99)]
    assert after == [0.9, 0.8, 0.7, 0.6, 0.48, 0.36, 0.24, 0.24]
    assert (quantile(curve, 0.5), quantile(curve, 0.9)) == (10 * HOUR, None)
    assert answered_share(curve, 24 * HOUR) == pytest.approx(0.64)
    assert answered_share(curve, HOUR - 1) == 0


def test_the_median_of_the_answered_alone_is_an_observed_value() -> None:
    assert Report.of(TEN).answered_median_seconds == 4 * HOUR
    assert nearest_rank(TEN.answered, Fraction(9, 10)) == 48 * HOUR


def test_parts_add_up_in_any_order() -> None:
    some, more = Waits([3, 9], [5], 2, 1, 1), Waits([1, 4], [2], 1, 1, 0)
    whole = Waits([1, 3, 4, 9], [2, 5], 3, 2, 1)
    assert added([some, more]) == added([more, some]) == whole
    parts = {Part(1, "forum", True): some, Part(2, "forum", False): more}
    found = reports(parts, answerers=Answerers())
    assert (found.whole.waits, found.channels["forum"].waits, found.first.waits) == (whole, whole, some)
    assert [found.periods[number].waits for number in (1, 2)] == [some, more]


def test_where_nobody_asked_or_answered_there_is_no_time() -> None:
    for waits in (Waits(), Waits((), [HOUR])):
        report = Report.of(waits)
        assert (report.median_seconds, report.answered_median_seconds) == (None, None)
        assert answered_share(report.curve, 99 * HOUR) == 0
    whole = reports({}, answerers=Answerers())
    assert (whole.whole.waits.asked, whole.answerers.absence_factor, whole.channels) == (0, None, {})


def test_rounded_waits_are_a_sixtieth_apart_at_most_and_meet_each_hour_of_the_curve() -> None:
    before = 1
    for since, step in ROUNDED_STEPS:
        # What is rounded up to where other steps begin is one of theirs.
        assert since % before == since % step == 0
        assert step * 60 <= since
        before = step
    for hours in CURVE_HOURS:
        step = max(step for since, step in ROUNDED_STEPS if since <= hours * HOUR)
        assert hours * HOUR % step == 0


def test_the_absence_factor_of_people_by_what_they_answered() -> None:
    """CHAOSS's own example, and two who gave a half together."""
    found = Answerers(dict.fromkeys((1000, 202, 90, 33, 332, 343, 42, 433), 1))
    assert (found.people, found.absence_factor) == (8, 2)
    assert Answerers({25: 4}).absence_factor == 2


def test_a_time_at_which_nobody_is_answered_changes_nothing() -> None:
    assert answered_share(survival(Waits([5], [5])), 5) == 0.5
    assert answered_share(survival(Waits([5], [4])), 5) == 1.0


def test_the_estimate_is_that_of_multiplying_at_each_answer() -> None:
    chance = random.Random(11)
    for _ in range(300):
        answered = sorted(chance.randrange(20) for _ in range(chance.randrange(30)))
        waiting = sorted(chance.randrange(24) for _ in range(chance.randrange(12)))
        curve, share, points = survival(Waits(answered, waiting)), Fraction(1), []
        for seconds in sorted(set(answered)):
            left = sum(one >= seconds for one in (*answered, *waiting))
            share *= Fraction(left - answered.count(seconds), left)
            points.append((seconds, share))
        for seconds, share in points:
            assert 1 - answered_share(curve, seconds) == pytest.approx(float(share))
        for wanted in (Fraction(1, 10), Fraction(1, 4), Fraction(1, 2), Fraction(9, 10)):
            reached = next((seconds for seconds, share in points if share <= 1 - wanted), None)
            assert quantile(curve, float(wanted)) == reached


@pytest.mark.parametrize(
    ("contributions", "factor"),
    [
        ([1000, 202, 90, 33, 332, 343, 42, 433], 2),
        ([50, 30, 20], 1),
        ([25, 25, 25, 25], 2),
        ([10, 10, 10], 2),
        ([100], 1),
        ([], None),
        ([0, 0], None),
    ],
)
def test_the_absence_factor_is_how_few_make_half_or_more(contributions: list[int], factor: int | None) -> None:
    assert absence_factor(contributions) == factor
    assert absence_factor(reversed(contributions)) == factor


def event(kind: str, **data: Any) -> Any:
    return {"id": "e1", "uid": "u1", "community": "acme", "type": kind, "data": {"channel": "forum", **data}}


def about(item_id: str, *, asks: bool, host: str = "") -> Said:
    return Said(Item("acme", "forum", host, item_id), "u1", asks)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (event("forum.post.v1", object={"id": "topic-1"}), [about("e1", asks=True), about("topic-1", asks=True)]),
        (event("idea.suggested.v1", host="eu"), [about("e1", asks=True, host="eu")]),
        (event("code.issue.v1", action="opened", object={"id": "e1"}), [about("e1", asks=True)]),
        (event("code.issue.v1", action="closed", object={"id": "i"}), []),
        (event("forum.reply.v1", in_reply_to={"id": "topic-1"}), [about("topic-1", asks=False)]),
        (event("chat.message.v1"), []),
        (event("code.comment.v1", action="deleted", in_reply_to={"id": "i"}), []),
        (event("code.review.v1", action="submitted", object={"id": "pr"}), [about("pr", asks=False)]),
        (event("code.commit.v1"), []),
    ],
)
def test_what_begins_something_asks_and_what_names_it_answers(given: Any, said: list[Said]) -> None:
    assert said_by(given) == said
