"""Badges in a programme: what is wrong with one is said at its place, and an editor offers what may stand."""

import pytest

from services.scoring.programmes.domain.completing import Cursor, completions
from services.scoring.programmes.domain.reading import read_programme
from shared.contracts.programme import Programme

BEGUN = """\
programme: demo
title: Demo
attributes:
  - {id: tier, title: Tier, for_rules: true}
audiences:
  - {id: staff, title: Staff, when: member.tier == 'staff'}
scores:
  - {id: craft, title: Craft}
rules:
  - {id: reply, title: Answered, on: [forum.reply.v1], points: 1}
  - {id: paid, title: Paid, on: [forum.reply.v1], points: 1, when: has(member.tier)}
recognition:
  streaks:
    - {id: weekly, title: Weekly, rules: [reply], every: week}
  badges:
"""


def said(badge: str) -> list[tuple[str, str]]:
    read = read_programme(f"{BEGUN}    - {{id: b, title: B, {badge}}}\n")
    return [] if isinstance(read, Programme) else [(one.field, one.detail) for one in read]


@pytest.mark.parametrize(
    "badge",
    [
        "rule: reply, at_least: 1",
        "at_least: 100, secret: true, limited_to: 50",
        "rule: reply, tiers: [{id: bronze, title: Bronze, at_least: 1}, {id: gold, title: Gold, at_least: 5}]",
        """when: 'events("reply") > 3 && "staff" in audiences && streak("weekly") >= 2 && score("craft") > 1'""",
        """measure: 'events("reply") * 2 + awards("paid")', at_least: 10""",
        "by_hand: true, limited_to: 5, art: {shape: shield, colour: gold, glyph: crown}",
    ],
)
def test_all_ways_to_earn_a_badge(badge: str) -> None:
    assert said(badge) == []


@pytest.mark.parametrize(
    ("badge", "field", "words"),
    [
        ("secret: true", "", "at_least`, `tiers` or `when`"),
        ("by_hand: true, at_least: 3", "", "asks for nothing else"),
        ("when: points > 1, at_least: 3", "", "says all that a badge asks for"),
        ("measure: points, rule: reply, at_least: 3", "", "not both"),
        ("at_least: 3, tiers: [{id: a, title: A, at_least: 1}, {id: b, title: B, at_least: 2}]", "", "not both"),
        (
            "tiers: [{id: a, title: A, at_least: 2}, {id: b, title: B, at_least: 2}]",
            "",
            "more than the one before",
        ),
        ("tiers: [{id: a, title: A, at_least: 1}, {id: a, title: B, at_least: 2}]", "", "have one id"),
        (
            "limited_to: 3, tiers: [{id: a, title: A, at_least: 1}, {id: b, title: B, at_least: 2}]",
            "",
            "no `tiers`",
        ),
        ("at_least: 3, art: {shape: cube}", "/art/shape", ""),
        ("when: points", "/when", "true or false"),
        ("measure: points > 1, at_least: 1", "/measure", "a number"),
        ("""when: 'events("replies") > 1'""", "/when", "there is no rule `replies`"),
        ("""when: 'streak("daily") > 1'""", "/when", "no streak `daily`"),
        ("""when: '"stuff" in audiences'""", "/when", "there is no audience `stuff`"),
        ("""when: 'score("art") > 1'""", "/when", "no score `art`"),
        ("""when: 'events("paid") > 1'""", "/when", 'ask for awards("paid")'),
        ("when: data.x > 1", "/when", "a criterion reads points"),
    ],
)
def test_what_is_wrong_with_a_badge_is_said_at_its_place(badge: str, field: str, words: str) -> None:
    (found,) = said(badge)
    assert found[0] == f"/recognition/badges/0{field}"
    assert words in found[1]


@pytest.mark.parametrize(
    ("badge", "offered"),
    [
        ("    - {id: b, title: B, when: 'eve¦'}", 'events("reply")'),
        ("""    - {id: b, title: B, when: 'events("¦'}""", 'events("reply")'),
        ("    - {id: b, title: B, when: 'points > 1 && sta¦'}", '"staff" in audiences'),
        ("    - {id: b, title: B, measure: 'str¦', at_least: 1}", 'streak("weekly")'),
        ("    - {id: b, title: B, art: {shape: ¦}}", "hexagon"),
        ("    - id: b\n      se¦", "secret: "),
    ],
)
def test_an_editor_offers_what_a_badge_may_ask_for(badge: str, offered: str) -> None:
    before, _, after = (BEGUN + badge).partition("¦")
    cursor = Cursor(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    assert offered in [one.text for one in completions(before + after, cursor).found]
