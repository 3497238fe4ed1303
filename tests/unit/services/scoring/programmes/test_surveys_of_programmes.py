"""Surveys in a programme: what is wrong with one is said at its place, and what changes is said."""

import pytest

from services.scoring.programmes.domain.reading import read_programme
from shared.contracts.programme import Programme
from shared.programme_changes import changes

BEGUN = """\
programme: demo
title: Demo
audiences:
  - {id: regulars, title: Regulars, when: "member.deeds > 3", measures: [{id: deeds, of: awards}]}
rules:
  - {id: read, title: Read, on: [content.read.v1], points: 1}
surveys:
  ask:
"""


def said(*surveys: str) -> list[tuple[int, str, str]]:
    lines = "".join(f"    - {{id: s{place}, title: S, {survey}}}\n" for place, survey in enumerate(surveys))
    read = read_programme(BEGUN + lines)
    return [] if isinstance(read, Programme) else [(one.line, one.field, one.detail) for one in read]


@pytest.mark.parametrize(
    "survey",
    [
        "kind: nps, question: {en: Q, it: D}, each: quarter, audience: regulars, sample_percent: 50",
        "kind: csat, question: {en: Q}, on: [content.read.v1], when: data.seconds > 3, anonymous: true",
        "kind: ces, question: {en: Q}, each: month, comment: true, open_days: 3",
        "kind: scale, scale_max: 6, question: {en: Q}, each: month",
        "kind: choice, question: {en: Q}, each: month,"
        " choices: [{id: a, title: {en: A}}, {id: b, title: {en: B}}]",
        "kind: text, question: {pt-BR: Q}, each: month",
    ],
)
def test_all_kinds_of_surveys(survey: str) -> None:
    assert said(survey) == []


@pytest.mark.parametrize(
    ("survey", "field", "words"),
    [
        ("kind: nps, question: {en: Q}", "", "say when it asks"),
        ("kind: nps, question: {en: Q}, each: month, on: [content.read.v1]", "", "say when it asks"),
        ("kind: nps, question: {en: Q}, each: month, when: 'true'", "", "say `on` which"),
        ("kind: nps, question: {en: Q}, each: week", "/each", "known are month, quarter"),
        ("kind: choice, question: {en: Q}, each: month", "", "says its `choices`"),
        ("kind: nps, question: {en: Q}, each: month, scale_max: 5", "", "`scale_max`"),
        ("kind: text, question: {en: Q}, each: month, anonymous: true", "", "words tell who wrote them"),
        ("kind: nps, question: {English: Q}, each: month", "/question/English", "no language tag"),
        ("kind: nps, question: {en: Q}, each: month, audience: regulas", "/audience", "did you mean `regulars`"),
        ("kind: nps, question: {en: Q}, on: [content.red.v1]", "/on/0", "did you mean `content.read.v1`"),
        ("kind: nps, question: {en: Q}, on: [survey.response.v1]", "/on/0", "nobody is asked after this"),
        ("kind: nps, question: {en: Q}, on: [content.read.v1], when: data.secs > 3", "/when", "secs"),
        ("kind: nps, question: {en: Q}, on: [content.read.v1], when: member.deeds > 3", "/when", "member"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(survey: str, field: str, words: str) -> None:
    (found,) = said(survey)
    assert (found[0], found[1].startswith(f"/surveys/ask/0{field}"), words in found[2]) == (9, True, True), found


def test_what_is_asked_stands_in_the_difference() -> None:
    old = {"title": "T", "surveys": {"quiet_days": 30, "ask": [{"id": "a", "title": "A", "kind": "nps"}]}}
    new = {"title": "T", "surveys": {"quiet_days": 60, "ask": [{"id": "b", "title": "B", "kind": "csat"}]}}
    assert [(one.kind, one.noun, one.id) for one in changes(old, new)] == [
        ("add", "survey", "b"),
        ("del", "survey", "a"),
        ("mod", "surveys", "surveys"),
    ]
