"""Criteria of badges: what they read and do is known before they run, and what they ask for is told in parts."""

import pytest

from shared.conditions.criteria import (
    CRITERION_NODES_MAX_COUNT,
    Criterion,
    Reads,
    Values,
    check_kind,
    compile_criterion,
)
from shared.conditions.errors import ConditionError

HAS = Values(
    120,
    {"reply": 10},
    {"post": 2},
    {"craft": 7},
    {"weekly": 4},
    frozenset({"staff", "others"}),
    earned_points=70,
    quests={"steps": 1},
)


def holds(expression: str, values: Values = HAS) -> bool:
    criterion = compile_criterion(expression)
    return criterion.holds(values.context(criterion.reads))


@pytest.mark.parametrize(
    ("expression", "is_so"),
    [
        ("points >= 120", True),
        ("points > 120", False),
        ('events("reply") >= 10 && awards("post") == 2', True),
        ('events("never") > 0', False),
        ('score("craft") * 2 > 13', True),
        ('streak("weekly") >= 4', True),
        ('quest("steps") >= 1 && quest("relay") == 0', True),
        ("earned_points == 70 && points > earned_points", True),
        ('"staff" in audiences', True),
        ('!("staff" in audiences)', False),
        ('"nobody" in audiences || points > 1', True),
        ('(streak("weekly") > 9 ? points : awards("post")) == 2', True),
        ("points / 0 > 1", False),
    ],
)
def test_what_members_have_is_asked_for(expression: str, is_so: bool) -> None:
    assert holds(expression) == is_so


@pytest.mark.parametrize(
    ("expression", "offset", "words"),
    [
        ("data.channel == 1", 5, "a criterion reads points"),
        ("events(reply) > 1", 0, "one id in quotes"),
        ('events("a", "b") > 1', 0, "one id in quotes"),
        ("[1].all(x, true)", 4, "nothing else"),
        ('"a".matches("(a+)+")', 4, "nothing else"),
        ("points in audiences", 0, "asks for an audience"),
        ("size(audiences) > 1", 0, "nothing else"),
        ("points >", 8, ""),
    ],
)
def test_what_a_criterion_has_not_is_refused_where_it_stands(expression: str, offset: int, words: str) -> None:
    with pytest.raises(ConditionError) as refused:
        compile_criterion(expression)
    assert refused.value.offset == offset
    assert words in refused.value.detail


def test_what_one_may_cost_is_its_length() -> None:
    with pytest.raises(ConditionError, match=f"may have {CRITERION_NODES_MAX_COUNT}"):
        compile_criterion(" + ".join(["points"] * 300) + " > 1")


@pytest.mark.parametrize(
    ("expression", "is_number", "words"),
    [
        ("points", False, "true or false"),
        ("points > 1", True, "a number"),
        ("points + true > 1", False, "true or false"),
    ],
)
def test_what_never_comes_to_what_is_asked_of_it_is_refused(expression: str, is_number: bool, words: str) -> None:
    with pytest.raises(ConditionError, match=words):
        check_kind(compile_criterion(expression), is_number=is_number)


def test_a_division_that_a_beginner_has_no_answer_to_is_a_criterion_all_the_same() -> None:
    check_kind(compile_criterion('100 / events("reply") > 1'), is_number=False)


def test_what_it_reads_is_known_from_the_expression() -> None:
    criterion = compile_criterion(
        'events("a") + awards("b") > score("c") || "d" in audiences && streak("e") > points'
    )
    one = frozenset
    assert criterion.reads == Reads(True, one("a"), one("b"), one("c"), one("e"), one("d"))
    assert HAS.of(compile_criterion('"staff" in audiences && points > 1').reads) == {
        "points": 120,
        "audience(staff)": 1,
    }


def test_its_parts_say_how_far_somebody_is() -> None:
    criterion: Criterion = compile_criterion('events("reply") >= 12 && points > 99 && "staff" in audiences')
    context = HAS.context(criterion.reads)
    assert [(part.text, part.value(context), part.target) for part in criterion.parts] == [
        ('events("reply") >= 12', 10, 12),
        ("points > 99", 120, 100),
        ('"staff" in audiences', 1, None),
    ]
