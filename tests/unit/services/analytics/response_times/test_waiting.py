"""Response times with the known answers of Kaplan and Meier, and CHAOSS's absence factor."""

from fractions import Fraction
from typing import Any

import pytest

from services.analytics.response_times.domain.asking import Item, Said, said_by
from services.analytics.response_times.domain.report import Report, reports
from services.analytics.response_times.domain.waiting import (
    Answerers,
    Waited,
    absence_factor,
    answered_share,
    nearest_rank,
    quantile,
    survival,
)

HOUR = 3_600
#: Answered after so many hours, and unanswered so far for so many.
TEN = [
    *(Waited(hours * HOUR, True) for hours in (1, 2, 3, 4, 10, 24, 48)),
    *(Waited(hours * HOUR, False, hours >= 24) for hours in (5, 72, 72)),
]


def test_who_still_waits_counts_for_as_long_as_they_have_waited() -> None:
    curve = survival(TEN)
    assert [(one.seconds // HOUR, round(one.share, 4)) for one in curve] == [
        (1, 0.9),
        (2, 0.8),
        (3, 0.7),
        (4, 0.6),
        (10, 0.48),
        (24, 0.36),
        (48, 0.24),
    ]
    assert (quantile(curve, 0.5), quantile(curve, 0.9)) == (10 * HOUR, None)
    assert answered_share(curve, 24 * HOUR) == pytest.approx(0.64)
    assert answered_share(curve, HOUR - 1) == 0


def test_of_those_due_exactly_in_time_is_in_time() -> None:
    report = Report.of(TEN, within_seconds=24 * HOUR)
    found = report.responses
    assert (found.asked, found.answered, found.due, found.in_time) == (10, 7, 9, 6)
    assert report.answered_median_seconds == 4 * HOUR
    assert nearest_rank(TEN, Fraction(9, 10)) == 48 * HOUR


def test_where_nobody_asked_or_answered_there_is_no_time() -> None:
    for waits in ([], [Waited(HOUR, False)]):
        report = Report.of(waits, within_seconds=24 * HOUR)
        assert (report.median_seconds, report.answered_median_seconds, list(report.curve)) == (None, None, [])
    whole = reports({}, first=[], answerers=Answerers(), within_seconds=HOUR)
    assert (whole.whole.responses.asked, whole.answerers.absence_factor, whole.channels) == (0, None, {})


def test_a_time_at_which_nobody_is_answered_changes_nothing() -> None:
    assert [one.share for one in survival([Waited(5, False), Waited(5, True)])] == [0.5]
    assert [one.share for one in survival([Waited(4, False), Waited(5, True)])] == [0.0]


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
