"""How good content is: known answers, that no order matters, and what events say of it."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import permutations
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.quality.domain.judging import Kind, Why, about, making_of, outcome_of
from services.scoring.quality.domain.weighing import (
    FULL_TRUST,
    NOTHING,
    TURNS_MAX_COUNT,
    UNIT,
    Sums,
    Turned,
    contribution,
    points_of,
    quality,
    score_of,
    turned,
    weight_of,
)
from shared.contracts.programme import JudgementWeights

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HALF = Fraction(1, 2)


def votes(*weights: float, against: bool = False) -> Sums:
    total = sum(round(weight * UNIT) for weight in weights)
    return Sums(0 if against else total, total)


def judgement(
    name: str, minute: int = 0, *, trust: int = FULL_TRUST, percent_up: int = 100, **more: Any
) -> Turned:
    uid = str(uuid5(UUID(int=0), name))
    at = NOON + timedelta(minutes=minute)
    made = Turned(uid, f"content {name}", at, trust, 100, percent_up, True, 0, NOTHING)
    return made._replace(**more)


@pytest.mark.parametrize(
    ("sums", "is_good", "says"),
    [
        # An accepted answer (2) with two votes (1 each).
        (votes(2, 1, 1), Fraction(11, 14), "0.5714"),
        (NOTHING, HALF, "0.0000"),
        (votes(1, against=True), Fraction(3, 8), "0.0000"),
        (votes(1), Fraction(5, 8), "0.2500"),
    ],
)
def test_a_content_is_as_good_as_the_reference_says(sums: Sums, is_good: Fraction, says: str) -> None:
    assert quality(sums) == is_good
    assert f"{float(contribution(quality(sums))):.4f}" == says


@pytest.mark.parametrize(
    ("trust", "halves", "in_all"),
    [(100, True, "0.1277"), (FULL_TRUST, True, "0.9509"), (FULL_TRUST, False, "40.0000")],
)
def test_two_friends_who_vote_for_a_hundred_posts(trust: int, halves: bool, in_all: str) -> None:
    posts = []
    for turn in range(1, 101):
        one = weight_of(trust=trust, kind_percent=100, percent_up=100, turn=turn if halves else 1)
        posts.append(Sums(2 * one.plus, 2 * one.total))
    assert f"{float(score_of(posts)):.4f}" == in_all


def test_a_hundred_posts_that_nobody_judged_or_all_disliked_are_worth_less_than_one_good_answer() -> None:
    good = score_of([votes(2, 1, 1)])
    assert score_of([NOTHING] * 100) == score_of([votes(1, against=True)] * 100) == 0 < good
    assert points_of(votes(2, 1, 1), 100) == 57
    assert points_of(NOTHING, 100) == points_of(votes(1, against=True), 100) == 0


def test_with_equal_weights_it_is_the_bayesian_average() -> None:
    # (C * m + sum) / (C + n) with C = 3 and m = 0.5: of ten votes seven are for it.
    sums = Sums(7 * UNIT, 10 * UNIT)
    assert quality(sums) == (3 * HALF + 7) / 13


def test_each_further_judgement_of_one_on_another_weighs_half_and_the_rest_nothing() -> None:
    many = [judgement(str(number), number) for number in range(TURNS_MAX_COUNT + 3)]
    found = turned(many, is_own=False)
    assert [one.turn for one in found] == [*range(1, TURNS_MAX_COUNT + 1), 0, 0, 0]
    assert [one.weight.total for one in found[:3]] == [UNIT, UNIT // 2, UNIT // 4]
    assert found[-1].weight == NOTHING
    assert {one.weight for one in turned(many, is_own=True)} == {NOTHING}


def test_what_is_taken_back_takes_no_turn() -> None:
    first, second = judgement("a", 0, is_counted=False), judgement("b", 1)
    assert [one.turn for one in turned([first, second], is_own=False)] == [0, 1]


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, FULL_TRUST), st.sampled_from([0, 80, 100]), st.booleans()),
        max_size=5,
    )
)
def test_in_whatever_order_they_come_they_weigh_the_same(said: list[tuple[int, int, int, bool]]) -> None:
    judgements = [
        judgement(str(place), minute, trust=trust, percent_up=percent, is_counted=counted)
        for place, (minute, trust, percent, counted) in enumerate(said)
    ]
    wanted = {one.event_uid: (one.turn, one.weight) for one in turned(judgements, is_own=False)}
    for order in permutations(judgements):
        arrived: list[Turned] = []
        for one in order:
            arrived = turned([*arrived, one], is_own=False)
        assert {one.event_uid: (one.turn, one.weight) for one in arrived} == wanted


def test_no_trust_weighs_nothing_and_a_rating_weighs_both_ways() -> None:
    assert weight_of(trust=0, kind_percent=200, percent_up=100, turn=1) == NOTHING
    assert weight_of(trust=FULL_TRUST, kind_percent=100, percent_up=80, turn=1) == Sums(UNIT * 4 // 5, UNIT)


def event(kind: str, **data: Any) -> Any:
    more = {name: data.pop(name) for name in ("objectmember", "replymember", "bots", "day") if name in data}
    base = {"community": "acme", "type": kind, "uid": str(UUID(int=7)), "id": "e1", "member": "ann", "time": NOON}
    return base | more | {"data": {"channel": "forum", **data}}


POST = {"id": "post-1"}


@pytest.mark.parametrize(
    ("said", "kind", "percent_up", "weighs", "why"),
    [
        (event("forum.answer_accepted.v1", object=POST, objectmember="bob"), Kind.ACCEPTED, 100, 200, None),
        (event("content.voted.v1", object=POST, objectmember="bob", vote="up"), Kind.VOTED, 100, 100, None),
        (event("content.voted.v1", object=POST, objectmember="bob", vote="down"), Kind.VOTED, 0, 100, None),
        (event("content.rated.v1", object=POST, objectmember="bob", rating=4, best=5), Kind.RATED, 80, 100, None),
        (
            event("chat.reaction.v1", object=POST, objectmember="bob", reaction="heart"),
            Kind.REACTED,
            100,
            50,
            None,
        ),
        (event("chat.reaction.v1", object=POST, objectmember="bob", reaction=":-1:"), Kind.REACTED, 0, 50, None),
        (event("moderation.reported.v1", object=POST, objectmember="bob"), Kind.REPORTED, 0, 100, None),
        (event("forum.reply.v1", in_reply_to=POST, replymember="bob"), Kind.SEEN, 0, 0, Why.SEEN),
        (event("content.voted.v1", object=POST, vote="up"), Kind.VOTED, 100, 100, Why.NO_AUTHOR),
        (
            event("content.voted.v1", object=POST, objectmember="bob", vote="up", bots="member"),
            Kind.VOTED,
            100,
            100,
            Why.BOT,
        ),
    ],
)
def test_what_an_event_says_of_content(
    said: Any, kind: Kind, percent_up: int, weighs: int, why: Why | None
) -> None:
    outcome = outcome_of(said, JudgementWeights())
    assert outcome is not None
    assert (outcome.kind, outcome.percent_up, outcome.kind_percent, outcome.why) == (kind, percent_up, weighs, why)
    assert outcome.content.object_id == "post-1"
    assert outcome.content == about(said)


def test_polls_and_messages_judge_nothing() -> None:
    for said in (
        event("content.voted.v1", object=POST, option="red"),
        event("forum.post.v1", object=POST),
        event("content.voted.v1", vote="up"),
        event("content.read.v1", object=POST),
    ):
        assert outcome_of(said, JudgementWeights()) is None


def test_what_makes_content_says_whose_it_is_and_of_which_week_and_month() -> None:
    made = making_of(event("forum.post.v1", object=POST, day=date(2026, 3, 5)))
    assert made is not None
    assert (made.author_id, made.week, made.month) == ("ann", date(2026, 3, 2), date(2026, 3, 1))
    without = making_of(event("chat.message.v1"))
    assert without is not None
    assert without.content.object_id == "e1"
    assert making_of(event("content.voted.v1", object=POST)) is None
