"""Milestones in a programme: what is wrong with one is said at its place."""

import pytest

from services.scoring.programmes.domain.reading import read_programme
from shared.contracts.programme import Programme

BEGUN = """\
programme: demo
title: Demo
attributes:
  - {id: tier, title: Tier, for_rules: true}
rules:
  - {id: reply, title: Answered, on: [forum.reply.v1], points: 1}
  - {id: paid, title: Paid, on: [forum.reply.v1], points: 1, when: has(member.tier)}
  - {id: team, title: Together, on: [forum.reply.v1], points: 1, to: team, split: equal}
recognition:
  milestones:
"""


def said(milestone: str) -> list[tuple[str, str]]:
    read = read_programme(f"{BEGUN}    - {{id: m, {milestone}}}\n")
    return [] if isinstance(read, Programme) else [(one.field, one.detail) for one in read]


@pytest.mark.parametrize(
    "milestone",
    [
        "title: First, rule: reply, at: [1]",
        'title: "{n} answers", rule: reply, at: [10, 100]',
        'title: "{n} points", points: true, at: [100, 1000]',
        'title: "{n} years", since: joined',
        "title: A year, since: first, rule: reply, at: [1]",
        'title: "Our {n}", rule: reply, at: [1000, 2000], together: true',
    ],
)
def test_all_kinds_of_milestones(milestone: str) -> None:
    assert said(milestone) == []


@pytest.mark.parametrize(
    ("milestone", "words"),
    [
        ("title: None, at: [1]", "of a `rule`, of `points`, or of years `since`"),
        ("title: Both, rule: reply, points: true, at: [1]", "of a `rule`, of `points`, or of years `since`"),
        ("title: None, rule: reply", "say `at` which numbers"),
        ('title: "{n}", rule: reply, at: [2, 2]', "above the one before"),
        ("title: Some, rule: reply, at: [1, 2]", "write {n} where it stands"),
        ("title: Each, since: joined", "write {n} where it stands"),
        ("title: Some, since: joined, rule: reply, at: [1]", "`since: joined` has none"),
        ("title: Some, since: first, at: [1]", "since the first event of a `rule`"),
        ("title: Some, since: joined, together: true, at: [1]", "an anniversary has neither"),
        ("title: Some, points: true, together: true, at: [1]", "counts events of a `rule`"),
        ("title: Old, since: joined, at: [151]", "150 years at most"),
        ("title: Some, rule: rpely, at: [1]", "there is no rule `rpely`; did you mean"),
        ("title: Some, rule: paid, at: [1]", "a milestone counts events by what they say themselves"),
        ("title: Some, rule: team, at: [1]", "a milestone counts events for one; name another rule"),
    ],
)
def test_what_is_wrong_with_a_milestone_is_said(milestone: str, words: str) -> None:
    (found,) = said(milestone)
    assert words in found[1]
