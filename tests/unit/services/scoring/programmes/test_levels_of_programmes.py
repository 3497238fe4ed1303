"""Levels in a programme: what is wrong with one is said at its place."""

import pytest

from plaudit.level import PRESETS, preset_text
from services.scoring.programmes.domain.reading import read_programme
from shared.contracts.programme import Programme

BEGUN = """\
programme: demo
title: Demo
attributes:
  - {id: tier, title: Tier, for_rules: true}
rules:
  - {id: read, title: Read, on: [content.read.v1], points: 1}
  - {id: paid, title: Paid, on: [forum.reply.v1], points: 1, when: has(member.tier)}
  - {id: team, title: Team, on: [code.commit.v1], to: contributors, points: 1}
recognition:
  levels:
"""


def said(*levels: str) -> list[tuple[str, str]]:
    lines = "".join(f"    - {{id: l{place}, title: L, {level}}}\n" for place, level in enumerate(levels))
    read = read_programme(BEGUN + lines)
    return [] if isinstance(read, Programme) else [(one.field, one.detail) for one in read]


@pytest.mark.parametrize(
    "level",
    [
        "points: 0",
        "points: 5, opens: [redeem]",
        "by_hand: true, opens: [judge]",
        "by_hand: true, opens: [redeem, judge, give_kudos]",
        "requires: [{rule: read, at_least: 3}], keep: always",
        "requires: [{rule: read, count: days, within_days: 9, at_least: 3}], keep: 90, grace_days: 14",
        "requires: [{rule: read, count: sum, of: seconds, at_least: 3}], keep: [{rule: read, at_least: 1}]",
        "requires: [{rule: read, within_days: 9, share: {percent: 25, rule: read, at_most: 5}}]",
        "requires: [{known_minutes: 10}, {unsuspended_days: 0}, {rule: read, count: people, at_most: 0}]",
    ],
)
def test_all_ways_to_reach_a_level(level: str) -> None:
    assert said(level) == []


@pytest.mark.parametrize(
    ("level", "field", "words"),
    [
        ("description: x", "", "reached by `points`, by what it `requires`, or given `by_hand`"),
        ("points: 1, by_hand: true", "", "reached by `points`"),
        ("points: 1, keep: always", "", "says how it is kept"),
        ("requires: [{known_minutes: 1}], keep: always, grace_days: 3", "", "needs no `grace_days`"),
        ("points: 1, opens: [redeem, redeem]", "", "twice"),
        ("points: 1, opens: [kudos]", "opens.0", "give_kudos"),
        ("requires: [{at_least: 1}]", "requires.0", "say one thing that is asked for"),
        ("requires: [{rule: read, known_minutes: 3, at_least: 1}]", "requires.0", "say one thing"),
        ("requires: [{known_minutes: 3, at_least: 1}]", "requires.0", "only of a `rule` is counted"),
        ("requires: [{rule: read}]", "requires.0", "`at_least`, `at_most` or a `share`"),
        ("requires: [{rule: read, at_least: 1, at_most: 2}]", "requires.0", "say how many"),
        ("requires: [{rule: read, count: sum, at_least: 1}]", "requires.0", "`of` a field"),
        ("requires: [{rule: read, of: seconds, at_least: 1}]", "requires.0", "`of` a field"),
        (
            "requires: [{rule: read, share: {percent: 5, rule: read, at_most: 5}}]",
            "requires.0",
            "`within_days`",
        ),
        ("requires: [{rule: raed, at_least: 1}]", "requires.0.rule", "no rule `raed`; did you mean `read`"),
        (
            "requires: [{rule: read, within_days: 1, share: {percent: 5, rule: raed, at_most: 5}}]",
            "requires.0.share.rule",
            "no rule `raed`",
        ),
        ("requires: [{rule: read, at_least: 1}], keep: [{rule: no, at_least: 1}]", "keep.0.rule", "no rule `no`"),
        ("requires: [{rule: paid, at_least: 1}]", "requires.0.rule", "reads `member.tier`"),
        ("requires: [{rule: team, at_least: 1}]", "requires.0.rule", "for several people"),
        (
            "requires: [{rule: read, count: sum, of: secnds, at_least: 1}]",
            "requires.0.of",
            "no event of that rule has a field `secnds`; did you mean `seconds`",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_is(level: str, field: str, words: str) -> None:
    found = said(level)
    place = f"/recognition/levels/0{'/' if field else ''}{field.replace('.', '/')}"
    assert [one for one in found if one[0] == place and words in one[1]], found


def test_nothing_stands_above_what_somebody_gives_and_no_more_is_counted_than_is_kept() -> None:
    found = said("by_hand: true", "requires: [{known_minutes: 1}]")
    assert "stands above a level that is given by hand" in found[0][1]
    asked = ", ".join(f"{{rule: read, count: sum, of: f{number}, at_least: 1}}" for number in range(20))
    several = said(*(f"requires: [{asked.replace('of: f', f'of: f{level}')}]" for level in range(3)))
    assert any("count 60 different things, and may count 40" in words for _, words in several)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_part_of_a_programme_that_may_be_published(name: str) -> None:
    read = read_programme(f"programme: demo\ntitle: Demo\n{preset_text(name)}")
    assert isinstance(read, Programme), read
    assert [level.id for level in read.recognition.trust_levels] == ["basic", "member", "regular", "leader"]
