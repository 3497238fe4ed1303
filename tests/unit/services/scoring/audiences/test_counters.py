"""Counters in conditions, and interests: what a programme may declare, and what rules make of them."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from services.scoring.audiences.domain import (
    SINCE_MAX_DAYS,
    TOPICS_MAX_COUNT,
    DayEarned,
    counted,
    measured,
    topics_of,
)
from services.scoring.programmes.domain.completing import Cursor, completions
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.asking import members_read
from services.scoring.rules.domain.attributes import Known, MemberKey, Said
from services.scoring.rules.domain.compiling import compile_version
from services.scoring.rules.domain.matching import match
from shared.contracts.programme import AudienceMeasure, Programme
from tests.unit.services.scoring.audiences.test_audiences_of_members import ANN, NOON, reply

TODAY = NOON.date()
TEXT = """
programme: demo
title: Demo
counters:
  - {id: answers, of: awards, rule: plain, days: 30}
  - {id: idle, of: days_since_last}
  - {id: kube, of: interest, topic: Kubernetes, days: 90}
rules:
  - {id: plain, title: Plain, on: [forum.reply.v1], points: 1}
  - {id: tenth, title: Third, on: [forum.reply.v1], points: 5, when: counter("answers") >= 3}
  - id: first
    title: First
    on: [forum.reply.v1]
    points: 7
    when: 'counter("answers") == 0 && !(counter("kube") > 1)'
  - id: more
    title: More
    on: [forum.reply.v1]
    points: 50
    points_by: {cel: '2 * counter("kube")'}
"""


def programme(text: str = TEXT) -> Programme:
    found = read_programme(text)
    assert isinstance(found, Programme), found
    return found


def known(**values: int) -> Known:
    return {MemberKey("acme", ANN): {f"counter:{name}": [Said(NOON, NOON, one)] for name, one in values.items()}}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'counter("answers") >= 3',
            'counter("answer") >= 3',
            "there is no counter `answer`; did you mean `answers`?",
        ),
        ('counter("answers") >= 3', "counter(data.x) >= 3", "a counter is asked for by its id in quotes"),
        ('counter("answers") >= 3', 'counter("answers")', "true or false"),
        ("of: awards, rule: plain, days", "of: awards, rule: plane, days", "there is no rule `plane`"),
        ("topic: Kubernetes, ", "", "`topic` is what an `interest` is in"),
        ("of: days_since_last", "of: days_since_last, topic: x", "`topic` is what an `interest` is in"),
        ("topic: Kubernetes", "topic: Kubernetes, rule: plain", "it has no `rule`"),
        ("id: idle", "id: answers", "the id `answers` is used on line 5 already"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(old: str, new: str, said: str) -> None:
    assert old in TEXT
    found = read_programme(TEXT.replace(old, new))
    assert isinstance(found, list)
    assert any(said in one.detail for one in found), found


def test_audiences_have_measures_of_their_own_and_no_counters() -> None:
    audience = '\naudiences: [{id: a, title: A, when: counter("answers") > 1}]\n'
    found = read_programme(TEXT + audience)
    assert isinstance(found, list)
    assert "an audience counts by its own `measures`" in str(found)
    badge = "\nrecognition: {badges: [{id: b, title: B, rule: tenth, at_least: 3}]}\n"
    found = read_programme(TEXT + badge)
    assert isinstance(found, list)
    assert "reads the counter `answers`" in str(found)
    programme(TEXT + badge.replace("at_least", "count: awards, at_least"))


def test_rules_read_what_was_decided_and_it_is_kept() -> None:
    version = compile_version(programme(), 1, datetime(1970, 1, 1, tzinfo=UTC))
    versions = {"acme": [version]}
    assert members_read([reply()], versions)[MemberKey("acme", ANN)] == {"counter:answers", "counter:kube"}
    found = match([reply()], versions, known=known(answers=3, kube=4))
    assert {one.rule.id: one.points for one in found.candidates} == {"plain": 1, "tenth": 5, "more": 8}
    assert ("tenth", "counter:answers", 3) in {(one.rule_id, one.name, one.value) for one in found.read}
    nothing = match([reply()], versions, known=known(answers=0, kube=0))
    assert {one.rule.id for one in nothing.candidates} == {"plain", "first"}
    assert {one.rule_id: one.reason for one in nothing.declined} == {
        "tenth": "condition_false",
        "more": "no_points",
    }
    # What is decided for a later event is nothing that an earlier one reads.
    later = reply(time=NOON - timedelta(days=1))
    assert "tenth" not in {one.rule.id for one in match([later], versions, known=known(answers=3)).candidates}


def test_a_counter_always_has_a_value() -> None:
    counters = programme().counters or ()
    assert counted(counters, (), TODAY) == {"answers": 0, "idle": SINCE_MAX_DAYS, "kube": 0}


def test_topics_and_tags_of_events_are_counted_in_whatever_letters() -> None:
    data = {"topic": " Site  Reliability ", "tags": ["Kubernetes", "kubernetes", "", "a", "b", "c", "d"]}
    found = topics_of(reply(data=data))
    assert [one.topic for one in found] == ["site reliability", "kubernetes", "a", "b", "c"]
    assert len(found) == TOPICS_MAX_COUNT
    assert {(one.member_id, one.day) for one in found} == {(ANN, TODAY)}
    assert topics_of(reply(data=data, day=date(2026, 2, 1)))[0].day == date(2026, 2, 1)
    without = reply(data=data)
    del without["member"]
    assert topics_of(without) == topics_of(reply()) == []


def test_measures_are_those_of_a_slow_oracle() -> None:
    """Days of awards and of topics in any mix: each measure counts its own, and nothing of the other."""
    for seed in range(200):
        dice = Random(seed)
        acts: list[tuple[str, date]] = [
            (dice.choice(["plain", "other", "#kubernetes", "#a"]), TODAY - timedelta(days=dice.randrange(-2, 40)))
            for _ in range(dice.randrange(12))
        ]
        earned = [
            DayEarned(day, "", 0, 0, what[1:], 1) if what[0] == "#" else DayEarned(day, what, 2, 1)
            for what, day in acts
        ]
        days = dice.choice([None, 1, 30])
        inside = [
            (what, day)
            for what, day in acts
            if day <= TODAY and (days is None or day > TODAY - timedelta(days=days))
        ]
        of_awards = [one for one in inside if one[0][0] != "#"]
        made: dict[str, Any] = {
            "about": {"of": "interest", "topic": "KUBERNETES"},
            "points": {"of": "points"},
            "active": {"of": "active_days"},
            "plain": {"of": "awards", "rule": "plain"},
        }
        measures = [AudienceMeasure(id=name, days=days, **one) for name, one in made.items()]
        assert measured(measures, earned, TODAY) == {
            "about": sum(what == "#kubernetes" for what, _ in inside),
            "points": 2 * len(of_awards),
            "active": len({day for _, day in of_awards}),
            "plain": sum(what == "plain" for what, _ in of_awards),
        }


def test_the_editor_offers_counters() -> None:
    text = TEXT.replace('counter("answers") >= 3', "coun")
    offset = text.index("when: coun") + len("when: coun")
    lines = text[:offset].split("\n")
    offered = completions(text, Cursor(len(lines), len(lines[-1]) + 1)).found
    assert 'counter("answers")' in [one.text for one in offered]
