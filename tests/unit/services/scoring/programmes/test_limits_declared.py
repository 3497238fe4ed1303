"""Limits as they are written: what is refused, where, and what is allowed knowingly."""

import pytest

from services.scoring.limits.domain.declared import limits_of
from services.scoring.limits.domain.nesting import crossings
from services.scoring.programmes.domain.reading import read_programme
from shared.contracts.programme import Programme

HEAD = """programme: demo
title: Demo
rules:
  - {id: b, title: B, on: [forum.post.v1], points: 2}
  - id: a
    title: A
    on: [forum.post.v1]
    points: 1
"""


def said(text: str) -> list[str]:
    found = read_programme(HEAD + text)
    if isinstance(found, Programme):
        return []
    return [f"{one.line}:{one.column} {one.field} {one.detail}" for one in found]


NESTED = [
    "    limits: [{count: 1, per: pair_and_object, within: day}, {count: "
    "2, per: pair, within: day}, {points: 3, within: week}]",
    "    daily_cap: 5\n    limits: [{points: 9, within: month}, {points: "
    "20, within: year}, {points: 99, within: ever}]",
    "    daily_cap: 5\nlimits: [{id: l, rules: [a, b], points: 9, within: day}]",
    "    limits: [{count: 1, per: object, within: ever}]",
    "    daily_cap: 5\n    limits: [{count: 1, per: object, within: day}]",
]
CROSSING = [
    ("    daily_cap: 5\n    limits: [{count: 1, per: object, within: ever}]", "10:14 /rules/1/limits/0"),
    ("    limits: [{points: 5, within: week}, {points: 9, within: month}]", "9:41 /rules/1/limits/1"),
    (
        "    limits: [{points: 5, per: pair, within: day}, {points: 9, per: object, within: day}]",
        "9:51 /rules/1/limits/1",
    ),
    ("    daily_cap: 5\n    limits: [{count: 9, within: week}]", "10:14 /rules/1/limits/0"),
    (
        "limits:\n  - {id: l, rules: [a, b], points: 9, within: day}\n  - "
        "{id: m, rules: [a], points: 99, within: week}",
        "11:5 /limits/1",
    ),
]


@pytest.mark.parametrize("text", NESTED, ids=range(len(NESTED)))
def test_limits_that_nest_are_taken(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(("text", "where"), CROSSING, ids=range(len(CROSSING)))
def test_limits_that_cross_are_refused_where_they_stand_and_allowed_knowingly(text: str, where: str) -> None:
    (mistake,) = said(text)
    assert mistake.startswith(where)
    assert "cross" in mistake
    assert "`crossing: allowed`" in mistake
    before, _, last = text.rpartition("within: ")
    allowed = f"{before}crossing: allowed, within: {last}"
    assert said(allowed) == []
    programme = read_programme(HEAD + allowed)
    assert isinstance(programme, Programme)
    assert list(crossings(limits_of(programme)))


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            "    limits: [{within: day}]",
            "9:14 /rules/1/limits/0 a limit has either `points` or `count` or `first`",
        ),
        ("    limits: [{points: 1, count: 1, within: day}]", "a limit has either `points` or `count`"),
        (
            "    limits: [{points: 1, within: decade}]",
            "`decade` is not one of them; known are hour, day, week, month, quarter, year, campaign, ever",
        ),
        (
            "    limits: [{points: 1, per: actor, within: day}]",
            "known are member, pair, object, pair_and_object, everybody, everybody_and_object",
        ),
        (
            "    daily_cap: 5\n    limits: [{points: 7, within: day}]",
            "10:14 /rules/1/limits/0 the limit on line 9 counts the same",
        ),
        (
            "limits: [{id: l, rules: [a, c], points: 1, within: day}]",
            "9:29 /limits/0/rules/1 there is no rule `c`",
        ),
        (
            "limits: [{id: l, rules: [a], points: 1, within: day}, {id: l, rules: [b], points: 1, within: day}]",
            "/limits/1/id the id `l` is used",
        ),
        (
            "    daily_cap: 5\n    limits: [{points: 9, within: month}, {points: "
            "20, within: year}, {points: 99, within: ever},"
            " {points: 3, per: pair, within: day}]",
            "5:9 /rules/1/id the rule stands under 5 limits, and may under 4",
        ),
        ("    own: yes", "9:10 /rules/1/own expected true or false; got `yes`"),
        ("    grace_minutes: 0", "/rules/1/grace_minutes"),
        ("    grace_count: 2", "`grace_count` says how often there is a grace; say `grace_minutes`, too"),
    ],
)
def test_what_is_no_limit_is_refused_in_words(text: str, mistake: str) -> None:
    found = said(text)
    assert len(found) == 1, found
    assert mistake in found[0]


def test_all_mistakes_come_at_once() -> None:
    found = said(
        "    daily_cap: 5\n    when: data.nothing == 1\n    limits: [{count: "
        "1, per: object, within: ever}, {within: day}]"
    )
    assert len(found) == 3


def test_a_daily_cap_is_short_for_a_limit() -> None:
    short, long = (
        read_programme(HEAD + text) for text in ("    daily_cap: 5", "    limits: [{points: 5, within: day}]")
    )
    assert isinstance(short, Programme)
    assert isinstance(long, Programme)
    assert limits_of(short) == limits_of(long)
