"""A member's badges and levels: batching changes nothing, and what stands is what the totals say."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from services.recognition.thresholds.domain import Grant, ThresholdKey, Thresholds, holder_changes
from services.recognition.totals.domain import Member
from shared.contracts.programme import Recognition

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMESPACE = UUID("00000000-0000-5000-8000-000000000000")
RULES = ("answer", "post")

recognitions = st.builds(
    lambda badges, levels: Recognition.model_validate(
        {
            "badges": [badge | ({"count": "awards"} if "rule" in badge else {}) for badge in badges],
            "levels": levels,
        }
    ),
    st.lists(
        st.fixed_dictionaries(
            {
                "id": st.sampled_from("abcd"),
                "title": st.sampled_from(("One", "Two")),
                "at_least": st.integers(1, 40),
            },
            optional={"rule": st.sampled_from(RULES)},
        ),
        max_size=4,
        unique_by=lambda one: str(one["id"]),
    ),
    st.lists(
        st.fixed_dictionaries(
            {"id": st.sampled_from("wxyz"), "title": st.just("Level"), "points": st.integers(0, 40)}
        ),
        max_size=4,
        unique_by=lambda one: str(one["id"]),
    ),
)


def award(index: int, rule: str, points: int, amends: str | None = None, *, total: int = 0) -> Any:
    data = {
        "award_id": str(uuid5(NAMESPACE, f"award {index}")),
        "rule_id": rule,
        "event_type": "chat.message.v1",
        "points": points,
        "event_time": AT,
    }
    if amends:
        data |= {"amends": amends, "total": total}
    return data


@st.composite
def award_logs(draw: st.DrawFn) -> list[Any]:
    """Awards, some of which are amended later, again and again: to nothing, to less, to more."""
    log: list[Any] = []
    totals: dict[str, tuple[str, int]] = {}
    for index in range(draw(st.integers(0, 30))):
        if totals and draw(st.booleans()):
            amended = draw(st.sampled_from(sorted(totals)))
            rule, was = totals[amended]
            total = draw(st.just(0) | st.integers(0, 20))
            if total != was:
                log.append(award(index, rule, total - was, amended, total=total))
                totals[amended] = (rule, total)
        else:
            one = award(index, draw(st.sampled_from(RULES)), draw(st.integers(1, 15)))
            log.append(one)
            totals[one["award_id"]] = (one["rule_id"], one["points"])
    return log


def due_of(member: Member, thresholds: Thresholds) -> set[ThresholdKey]:
    if member.last_award_id is None:
        return set()
    return {
        threshold.key for threshold in thresholds.due(member.points, member.earned_points, member.awards_by_rule)
    }


def fold(member: Member, log: list[Any], thresholds: Thresholds) -> list[Grant]:
    return [grant for one in log for grant in member.apply(one, thresholds)]


@given(recognitions, award_logs(), st.lists(st.integers(0, 30), max_size=5))
def test_batches_change_nothing(recognition: Recognition, log: list[Any], cuts: list[int]) -> None:
    thresholds = Thresholds.of("p", 1, recognition)
    whole, parts = Member("c", "m", version=1), Member("c", "m", version=1)
    at_once = fold(whole, log, thresholds)
    in_parts: list[Grant] = []
    for start, end in pairwise(sorted({0, len(log), *(min(cut, len(log)) for cut in cuts)})):
        # What a worker keeps between two batches is what the database holds, nothing else.
        parts = Member(
            parts.community,
            parts.member_id,
            parts.points,
            dict(parts.awards_by_rule),
            dict(parts.standing),
            parts.last_award_id,
            parts.version,
        )
        in_parts += fold(parts, log[start:end], thresholds)
    assert in_parts == at_once
    assert parts == whole


@given(recognitions, award_logs())
def test_what_stands_is_what_the_totals_say_after_every_award(recognition: Recognition, log: list[Any]) -> None:
    thresholds = Thresholds.of("p", 1, recognition)
    member = Member("c", "m", version=1)
    open_grants: dict[ThresholdKey, str] = {}
    for one in log:
        for grant in member.apply(one, thresholds):
            key = grant.key
            assert grant.award_id == one["award_id"]
            if grant.reverses:
                assert open_grants.pop(key) == grant.reverses
            else:
                assert key not in open_grants
                open_grants[key] = grant.grant_id
        assert set(open_grants) == set(member.standing) == due_of(member, thresholds)
    assert member.points == sum(one["points"] for one in log)


@given(recognitions, award_logs(), st.randoms())
def test_what_counts_is_what_awards_amount_to_last_in_whatever_order_it_is_told(
    recognition: Recognition, log: list[Any], chance: Any
) -> None:
    totals: dict[str, tuple[str, int]] = {}
    for one in log:
        totals[one.get("amends", one["award_id"])] = (one["rule_id"], one.get("total", one["points"]))
    counts = Counter(rule for rule, total in totals.values() if total)
    thresholds = Thresholds.of("p", 1, recognition)
    for _ in range(2):
        member = Member("c", "m", version=1)
        fold(member, log, thresholds)
        assert member.points == sum(total for _, total in totals.values())
        assert member.awards_by_rule == counts
        assert set(member.standing) == due_of(member, thresholds)
        chance.shuffle(log)


@given(award_logs(), st.lists(st.tuples(recognitions, st.integers(0, 30)), max_size=4))
def test_standing_follows_the_newest_version(log: list[Any], versions: list[tuple[Recognition, int]]) -> None:
    member = Member("c", "m")
    done = 0
    ids: list[str] = []
    for number, (recognition, count) in enumerate(versions, start=1):
        thresholds = Thresholds.of("p", number, recognition)
        ids += [grant.grant_id for grant in member.follow(thresholds, AT)]
        assert member.follow(thresholds, AT) == []
        assert set(member.standing) == due_of(member, thresholds)
        ids += [grant.grant_id for grant in fold(member, log[done : done + count], thresholds)]
        done += count
        assert set(member.standing) == due_of(member, thresholds)
    assert len(ids) == len(set(ids))


def test_a_badge_can_be_reached_lost_and_reached_again() -> None:
    thresholds = Thresholds.of(
        "p", 1, Recognition.model_validate({"badges": [{"id": "ten", "title": "Ten", "at_least": 10}]})
    )
    member = Member("c", "m", version=1)
    first, back, again = (
        award(1, "post", 10),
        award(2, "post", -10, award(1, "post", 10)["award_id"]),
        award(3, "post", 12),
    )
    grants = fold(member, [first, back, again], thresholds)
    assert [(one.key.id, one.award_id, bool(one.reverses)) for one in grants] == [
        ("ten", first["award_id"], False),
        ("ten", back["award_id"], True),
        ("ten", again["award_id"], False),
    ]
    assert grants[1].reverses == grants[0].grant_id
    assert len({one.grant_id for one in grants}) == 3
    assert holder_changes(grants) == {("c", ThresholdKey("badge", "ten")): 1}


def test_a_rule_badge_counts_awards_not_points() -> None:
    thresholds = Thresholds.of(
        "p",
        1,
        Recognition.model_validate(
            {"badges": [{"id": "b", "title": "B", "rule": "answer", "count": "awards", "at_least": 2}]}
        ),
    )
    member = Member("c", "m", version=1)
    assert fold(member, [award(1, "answer", 500), award(2, "post", 500)], thresholds) == []
    assert [one.key.id for one in fold(member, [award(3, "answer", 1)], thresholds)] == ["b"]


def test_a_version_that_drops_a_badge_takes_it_back_under_its_old_title() -> None:
    first = Thresholds.of(
        "p", 1, Recognition.model_validate({"badges": [{"id": "b", "title": "Old", "at_least": 1}]})
    )
    member = Member("c", "m", version=1)
    (given_before,) = fold(member, [award(1, "post", 5)], first)
    (taken,) = member.follow(Thresholds.of("p", 2, Recognition()), AT)
    assert (taken.title, taken.reverses, taken.version) == ("Old", given_before.grant_id, 2)
    assert member.standing == {}


def test_points_of_another_score_count_as_awards_and_for_nothing_else() -> None:
    """Nor is anything else made of awards that take points: one counts while it amounts to something."""
    member = Member("acme", "ann", version=1)
    none = Thresholds.of("demo", 1, Recognition())
    for data in (
        award(1, "answer", 5),
        award(2, "post", 7) | {"score": "help"},
        award(3, "spam", -2),
        award(4, "spam", 2, award(3, "spam", -2)["award_id"], total=0),
        award(5, "spam", -1),
    ):
        member.apply(data, none)
    assert (member.points, member.awards_by_rule) == (4, {"answer": 1, "post": 1, "spam": 1})


def granted(index: int, points: int) -> Any:
    return award(index, "badge-x", points) | {"event_type": "recognition.granted.v1"}


def test_points_that_came_with_grants_count_towards_nothing_that_gives_points() -> None:
    recognition = Recognition.model_validate(
        {
            "badges": [
                {"id": "rich", "title": "Rich", "at_least": 10},
                {"id": "gives", "title": "Gives", "at_least": 10, "gives": {"points": 50}},
            ],
            "levels": [{"id": "gold", "title": "Gold", "points": 10, "gives": {"points": 5}}],
        }
    )
    thresholds = Thresholds.of("p", 1, recognition)
    member = Member("c", "m", version=1)
    fold(member, [award(1, "post", 4), granted(2, 50)], thresholds)
    assert (member.points, member.earned_points, member.awards_by_rule) == (54, 4, {"post": 1})
    assert {key.id for key in member.standing} == {"rich"}
    fold(member, [award(3, "post", 6)], thresholds)
    assert {key.id for key in member.standing} == {"rich", "gives", "gold"}
    # Nothing that was given keeps alive what gave it.
    fold(member, [award(4, "post", -6, award(3, "post", 6)["award_id"], total=0)], thresholds)
    assert {key.id for key in member.standing} == {"rich"}
