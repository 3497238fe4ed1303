"""Attributes of members in conditions: what may be read is known before, and what is read has its moment."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.scoring.programmes.domain.reading import Mistake, read_programme
from services.scoring.rules.domain.asking import members_read, questions
from services.scoring.rules.domain.attributes import SAID_LEAD, Known, MemberKey, Said, as_of, names_read
from services.scoring.rules.domain.compiling import CompiledVersion, compile_version
from services.scoring.rules.domain.conditions import check_condition
from services.scoring.rules.domain.matching import Matched, match
from shared.conditions.absences import with_absences
from shared.conditions.errors import ConditionError
from shared.conditions.parser import parse
from shared.contracts.programme import Programme

ANN, BOB = "00000000-0000-5000-8000-00000000000a", "00000000-0000-5000-8000-00000000000b"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DECLARED = {"tier": "text", "seats": "number", "vip": "boolean"}
POST = ["forum.post.v1"]

TEXT = """
programme: demo
title: Demo
attributes:
  - {id: tier, title: Tier, for_rules: true}
  - {id: seats, title: Seats, type: number, for_rules: true}
  - {id: birthday, title: Birthday}
rules:
  - {id: gold, title: Gold, on: [forum.reply.v1], points: 5, when: 'member.tier == "gold"'}
  - {id: heard, title: Heard, on: [forum.reply.v1], to: reply_author, points: 3, when: member.seats > 2}
  - {id: plain, title: Plain, on: [forum.reply.v1], points: 1}
"""


def version(text: str = TEXT) -> CompiledVersion:
    programme = read_programme(text)
    assert isinstance(programme, Programme), programme
    return compile_version(programme, 1, datetime(1970, 1, 1, tzinfo=UTC))


def reply(**more: Any) -> Any:
    return {
        "id": "1",
        "source": "forum",
        "type": "forum.reply.v1",
        "time": NOON,
        "community": "acme",
        "uid": "00000000-0000-5000-8000-000000000001",
        "member": ANN,
        "replymember": BOB,
        "receivedat": NOON + timedelta(minutes=1),
        "data": {"channel": "forum", "actor": {"id": "ann"}},
        **more,
    }


def known(**said: tuple[str, list[Said]]) -> Known:
    return {MemberKey("acme", member): {name: facts} for name, (member, facts) in said.items()}


def points(matched: Matched) -> set[str]:
    return {one.rule.id for one in matched.candidates}


def test_the_value_is_that_of_the_events_time_and_of_what_was_known_then() -> None:
    facts = [
        Said(NOON - 3 * DAY, NOON - 3 * DAY, "silver"),
        Said(NOON - 2 * DAY, NOON - 2 * DAY, "gold"),
        # Put right a day later, and said before it begins.
        Said(NOON - 2 * DAY, NOON - DAY, "bronze"),
        Said(NOON + DAY, NOON - DAY, "later"),
    ]

    def value(event_time: datetime, received_at: datetime) -> Any:
        found = {as_of(order, event_time=event_time, received_at=received_at) for order in permutations(facts)}
        (one,) = found
        return one and one.value

    assert value(NOON - 4 * DAY, NOON) is None
    assert value(NOON - 2.5 * DAY, NOON) == "silver"
    assert value(NOON - 1.5 * DAY, NOON - 1.5 * DAY) == "gold"
    assert value(NOON - 1.5 * DAY, NOON) == "bronze"
    assert value(NOON, NOON) == "bronze"
    assert value(NOON + 2 * DAY, NOON + 2 * DAY) == "later"
    # What was said a moment ago may not be known everywhere.
    assert value(NOON, NOON - DAY + SAID_LEAD - timedelta(microseconds=1)) == "gold"
    assert value(NOON, NOON - DAY + SAID_LEAD) == "bronze"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("data.length_chars > 3", ()),
        ('member.tier == "gold" || member.vip', ("tier", "vip")),
        ('has(member.tier) && member.tier == "gold"', ("tier",)),
        ("member.tier == null", ("tier",)),
        ('member["seats"] > 2.0', ("seats",)),
        ('"vip" in member && member.vip', ("vip",)),
        ("size(member) > 1", ("seats", "tier", "vip")),
        ('["gold"].exists(one, one == member.tier)', ("tier",)),
        ('["gold"].exists(member, member == "gold")', ()),
    ],
)
def test_what_a_condition_reads_is_known_before_it_is_asked(condition: str, expected: tuple[str, ...]) -> None:
    assert names_read(with_absences(parse(condition)), DECLARED) == expected
    check_condition(condition, POST, declared=DECLARED)


@pytest.mark.parametrize(
    ("condition", "detail"),
    [
        ("member.colour == 'red'", "declares no attribute `colour` with `for_rules: true`"),
        ("member.teir == 'gold'", "did you mean `tier`?"),
        ("member.tier", "gives str 'x', neither true nor false|must be true or false"),
        ("member.tier > 3", "overload"),
        ("member.tier.matches('(a|b)*c.*d.*e.*f.*g') && member.tier.matches('(.*x){9}')", "steps"),
    ],
)
def test_what_cannot_be_read_is_refused(condition: str, detail: str) -> None:
    with pytest.raises(ConditionError, match=detail):
        check_condition(condition, POST, declared=DECLARED)


def test_without_attributes_for_rules_there_is_no_member_to_read() -> None:
    with pytest.raises(ConditionError, match="it declares none"):
        check_condition("member.tier == 'gold'", POST)
    found = read_programme(TEXT.replace(", for_rules: true", ""))
    assert isinstance(found, list)
    assert [(one.field, "declares none" in one.detail) for one in found] == [
        ("/rules/0/when", True),
        ("/rules/1/when", True),
    ]


def test_a_badge_that_counts_events_reads_no_attributes() -> None:
    badge = "recognition: {badges: [{id: b, title: B, rule: gold, at_least: 3, count: %s}]}\n"
    found = read_programme(TEXT + badge % "events")
    assert isinstance(found, list)
    (mistake,) = found
    assert isinstance(mistake, Mistake)
    assert mistake.field == "/recognition/badges/0/rule"
    assert "reads `member.tier`" in mistake.detail
    assert isinstance(read_programme(TEXT + badge % "awards"), Programme)


def test_a_rule_reads_whom_its_points_are_for() -> None:
    compiled = version()
    versions = {"acme": [compiled]}
    assert members_read([reply(), reply(type="forum.post.v1")], versions) == {
        MemberKey("acme", ANN): {"tier"},
        MemberKey("acme", BOB): {"seats"},
    }
    assert questions([reply()], versions) == {}
    since = NOON - DAY
    said = known(tier=(ANN, [Said(since, since, "gold")]), seats=(BOB, [Said(since, since, 3)]))
    matched = match([reply()], versions, known=said)
    assert points(matched) == {"gold", "heard", "plain"}
    assert [one[2:] for one in matched.read] == [
        ("gold", "tier", ANN, since, "gold"),
        ("heard", "seats", BOB, since, 3),
    ]
    # Of the other one it is nobody's.
    swapped = known(seats=(ANN, [Said(since, since, 3)]), tier=(BOB, [Said(since, since, "gold")]))
    matched = match([reply()], versions, known=swapped)
    assert points(matched) == {"plain"}
    assert [(one.rule_id, one.reason, one.detail) for one in matched.declined] == [
        ("gold", "condition_failed", "nothing was known of `member.tier`"),
        ("heard", "condition_failed", "nothing was known of `member.seats`"),
    ]
    assert [one[2:] for one in matched.read] == [
        ("gold", "tier", ANN, None, None),
        ("heard", "seats", BOB, None, None),
    ]


def test_a_dear_condition_is_asked_with_what_is_known() -> None:
    dear = " && ".join(f'!data.object.id.matches("^[0-9]{n}(x|y)+[a-z]*z$")' for n in range(1, 5))
    compiled = version(TEXT.replace("member.seats > 2", f"'member.seats > 2 && {dear}'"))
    since = NOON - DAY
    said = known(seats=(BOB, [Said(since, since, 3)]))
    (question,) = questions([reply()], {"acme": [compiled]}, said).values()
    assert question.members == {reply()["uid"]: {"seats": 3}}
