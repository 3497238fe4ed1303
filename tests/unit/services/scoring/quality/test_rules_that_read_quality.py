"""Rules that read quality: what they give, why they give nothing, and what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.scoring.programmes.domain.completing import completions
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.attributes import Known, MemberKey, Said
from services.scoring.rules.domain.compiling import compile_version
from services.scoring.rules.domain.matching import Matched, match
from services.scoring.rules.domain.qualities import VALUES
from shared.contracts.programme import Programme

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HEAD = "programme: demo\ntitle: Demo\nquality: {}\nrules:\n"
ACCEPTED = "  - {id: accepted, title: A, on: [forum.answer_accepted.v1], to: object_author, points: 20, "


def programme(rule: str, head: str = HEAD) -> Any:
    return read_programme(f"{head}{rule}\n")


def given(rule: str, *, trust: float = 0.0, quality: float = 0.5) -> Matched:
    read = programme(rule)
    assert isinstance(read, Programme), read
    version = compile_version(read, 1, datetime(2020, 1, 1, tzinfo=UTC))
    event: Any = {"community": "acme", "type": "forum.answer_accepted.v1", "uid": "u1", "id": "e1", "source": "s",
                  "time": NOON, "receivedat": NOON, "member": "ann", "objectmember": "bob",
                  "data": {"channel": "forum", "object": {"id": "post-1"}}}  # fmt: skip
    values = {VALUES["judge_trust"]: trust, VALUES["quality"]: quality}
    known: Known = {MemberKey("acme", "u1"): {name: [Said(NOON, NOON, value)] for name, value in values.items()}}
    return match([event], {"acme": [version]}, known=known)


def test_points_are_worked_out_by_the_trust_in_whoever_judges() -> None:
    rule = ACCEPTED + 'points_by: {cel: "20.0 * judge_trust", floor: 0}}'
    assert [one.points for one in given(rule, trust=0.5).candidates] == [10]
    assert [one.points for one in given(rule, trust=1.0).candidates] == [20]
    none = given(rule, trust=0.0)
    assert [(one.reason, one.detail) for one in none.declined] == [("quality", "as known then: judge_trust 0.000")]
    assert [(one.name, one.value) for one in none.read] == [("quality:judge_trust", 0.0)]
    floored = ACCEPTED + 'points_by: {cel: "20.0 * judge_trust", floor: 2}}'
    assert [one.points for one in given(floored).candidates] == [2]


@pytest.mark.parametrize(
    ("when", "trust", "quality", "reason"),
    [
        ("judge_trust >= 0.5", 0.5, 0.5, None),
        ("judge_trust >= 0.5", 0.4, 0.5, "quality"),
        ("quality >= 0.7", 0.0, 0.6, "quality"),
        ("quality >= 0.7 && judge_trust > 0.1", 0.0, 0.9, "quality"),
        # What the best content would not meet either is no lack of quality.
        ("quality < 0.3", 0.0, 0.5, "condition_false"),
        ("quality >= 0.7 && data.channel == 'chat'", 1.0, 0.6, "condition_false"),
    ],
)
def test_a_condition_says_whether_it_was_quality_that_lacked(
    when: str, trust: float, quality: float, reason: str | None
) -> None:
    found = given(ACCEPTED + f'when: "{when}"' + "}", trust=trust, quality=quality)
    assert [one.reason for one in found.declined] == ([] if reason is None else [reason])
    assert len(found.candidates) == (reason is None)


@pytest.mark.parametrize(
    ("rule", "head", "detail"),
    [
        (ACCEPTED + "when: judge_trust > 0.5}", HEAD.replace("quality: {}\n", ""), "has a section `quality`"),
        (ACCEPTED + 'points_by: {cel: "20 * judge_trust"}}', HEAD, "No such overload"),
        (
            ACCEPTED + "when: '[1].exists(quality, quality == 1) && quality > 0.5'}",
            HEAD,
            "call the item otherwise",
        ),
        (ACCEPTED + "when: member.quality > 0.5}", HEAD, "declares no attribute `quality`"),
        (
            "  - {id: quality, title: A, on: [forum.post.v1], points: 1}",
            HEAD,
            "what good content gives is called `quality`",
        ),
        (ACCEPTED + "}", HEAD.replace("{}", "{trusted: {audiences: [elders]}}"), "there is no audience `elders`"),
        (ACCEPTED + "}", HEAD.replace("{}", "{score: good, points: 10}"), "there is no score `good`"),
        (ACCEPTED + "}", HEAD.replace("{}", "{score: points, points: 10}"), "name one of `scores`"),
        (
            ACCEPTED + "}",
            HEAD.replace(
                "rules:",
                "audiences: [{id: a, title: A, when: member.m > 1, measures: "
                "[{id: m, of: points, score: good}]}]\nrules:",
            ),
            "there is no score `good`",
        ),
        (ACCEPTED + "}", HEAD.replace("{}", "{points: 10}"), "say both"),
        (ACCEPTED + "}", HEAD.replace("{}", "{trusted: {staff: false, after_days: 0}}"), "names nobody"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(rule: str, head: str, detail: str) -> None:
    found = programme(rule, head)
    assert isinstance(found, list)
    assert any(detail in one.detail for one in found), found
    assert all(one.line > 1 for one in found)


def test_a_rule_that_reads_quality_is_no_count_of_events() -> None:
    badge = "recognition: {badges: [{id: b, title: B, rule: accepted, at_least: 1}]}\n"
    found = programme(ACCEPTED + "when: quality > 0.6}", HEAD.replace("rules:", f"{badge}rules:"))
    assert ["write `count: awards`" in one.detail for one in found] == [True]
    assert "reads `quality`" in found[0].detail


def test_the_editor_offers_what_is_known_of_quality() -> None:
    text = HEAD + "  - {id: a, title: A, on: [forum.post.v1], points: 1, when: ju"
    line = text.count("\n") + 1
    found = completions(text, (line, len(text.rsplit("\n", 1)[-1]) + 1))
    assert [one.text for one in found.found] == ["judge_trust"]
