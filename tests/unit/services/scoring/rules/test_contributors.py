"""Rules for several people who did something together: each gets as many, or all share them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.compiling import compile_version
from services.scoring.rules.domain.matching import Matched, match, share_of
from shared.contracts.programme import Programme
from shared.contracts.programme.worth import CONTRIBUTORS
from tests.unit.services.scoring.audiences.test_audiences_of_members import NOON

PEOPLE = {name: f"00000000-0000-5000-8000-0000000000{number:02x}" for number, name in enumerate("abcdefg")}
NAMES = {member_id: name for name, member_id in PEOPLE.items()}
TEXT = """
programme: demo
title: Demo
rules:
  - {id: each, title: Each, on: [code.release.v1], points: 4, to: team}
  - {id: share, title: Share, on: [code.release.v1], points: 10, to: team, split: equal}
  - {id: others, title: Others, on: [code.release.v1], points: 3, to: contributors}
  - {id: half, title: Half, on: [code.release.v1], points: 7, to: object_author, also: [{to: team}], split: equal}
"""


def programme(text: str = TEXT) -> Programme:
    found = read_programme(text)
    assert isinstance(found, Programme), found
    return found


def release(by: str, *contributors: str, **more: Any) -> Any:
    """By one, with some."""
    event = {
        "id": "1",
        "source": "forge",
        "type": "code.release.v1",
        "time": NOON,
        "community": "acme",
        "uid": "00000000-0000-5000-8000-000000000001",
        "member": PEOPLE[by],
        "receivedat": NOON + timedelta(minutes=1),
        "data": {"channel": "code", "actor": {}, "action": "published"},
    }
    named = zip(CONTRIBUTORS, contributors, strict=False)
    return event | {slot: PEOPLE[name] for slot, name in named if name != "-"} | more


def matched(event: Any, text: str = TEXT, heads: Any = None) -> Matched:
    version = compile_version(programme(text), 1, datetime(1970, 1, 1, tzinfo=UTC))
    return match([event], {"acme": [version]}, heads=heads or {})


def gives(event: Any, rule: str, **more: Any) -> dict[str, int]:
    return {NAMES[one.member_id]: one.points for one in matched(event, **more).candidates if one.rule.id == rule}


def why(event: Any, rule: str, **more: Any) -> dict[str, str]:
    return {one.beneficiary: one.reason for one in matched(event, **more).declined if one.rule_id == rule}


def test_each_gets_as_many_or_all_share_them() -> None:
    three = release("a", "b", "c")
    assert gives(three, "each") == {"a": 4, "b": 4, "c": 4}
    assert gives(three, "share") == {"a": 4, "b": 3, "c": 3}
    assert gives(three, "others") == {"b": 3, "c": 3}
    assert gives(release("a"), "share") == {"a": 10}
    assert (gives(release("a"), "others"), why(release("a"), "others")) == ({}, {"contributor1": "no_beneficiary"})
    # Who are not there are not missed.
    assert why(release("a"), "each") == {}
    with_author = release("a", "b", objectmember=PEOPLE["d"])
    assert gives(with_author, "half") == {"d": 3, "a": 2, "b": 2}


def test_one_person_has_one_part_and_who_earns_nothing_none() -> None:
    twice = release("a", "b", "a", "b")
    assert gives(twice, "share") == {"a": 5, "b": 5}
    assert why(twice, "share") == {"contributor2": "twice", "contributor3": "twice"}
    bots = release("a", "b", "c", bots="contributor1", unearning="contributor2")
    assert gives(bots, "share") == {"a": 10}
    assert why(bots, "share") == {"contributor1": "bot", "contributor2": "unearning"}
    # As one with whom they are merged into: one person, one part.
    heads = {("acme", PEOPLE["b"]): PEOPLE["a"]}
    assert gives(release("a", "b", "c"), "share", heads=heads) == {"a": 5, "c": 5}
    # A hole, where nobody knows who it was.
    assert gives(release("a", "-", "c"), "share") == {"a": 5, "c": 5}
    little = TEXT.replace("points: 10", "points: 2")
    assert gives(release("a", "b", "c"), "share", text=little) == {"a": 1, "b": 1}
    assert why(release("a", "b", "c"), "share", text=little) == {"contributor2": "no_points"}


@given(
    points=st.integers(1, 1_000_000),
    by=st.sampled_from("abcdefg"),
    contributors=st.lists(st.sampled_from("abcdefg-"), max_size=5),
    bots=st.sets(st.sampled_from("acdefg")),
    merged=st.booleans(),
    is_taking=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_what_is_shared_is_never_more_than_the_rule_says(
    points: int, by: str, contributors: list[str], bots: set[str], merged: bool, is_taking: bool
) -> None:
    text = TEXT.replace("points: 10", f"points: {-points if is_taking else points}")
    heads = {("acme", PEOPLE["b"]): PEOPLE["a"]} if merged else {}
    slots = {"member": by, **dict(zip(CONTRIBUTORS, contributors, strict=False))}
    of_slots = {slot: "a" if merged and who == "b" else who for slot, who in slots.items()}
    persons = set(of_slots.values()) - bots - {"-"}
    of_bots = " ".join(slot for slot, who in of_slots.items() if who in bots)
    parts = gives(release(by, *contributors, bots=of_bots), "share", text=text, heads=heads)
    assert sum(parts.values()) == (points if persons else 0)
    assert len(parts) == min(len(persons), points)
    assert not parts or max(parts.values()) - min(parts.values()) <= 1


@given(points=st.integers(0, 10_000_000), count=st.integers(1, 8))
def test_shares_are_whole_and_equal_but_for_what_remains(points: int, count: int) -> None:
    shares = [share_of(points, count, place) for place in range(count)]
    assert sum(shares) == points
    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] <= 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("points: 3, to: contributors", "points: 3, split: equal", "this rule is for one"),
        ("also: [{to: team}]", "also: [{to: team, points: 2}]", "`also` says no others"),
        (
            "points: 3, to: contributors",
            "points: 3, to: team, also: [{to: actor}]",
            "`to` and `also` name each person once",
        ),
    ],
)
def test_what_cannot_be_shared_is_refused(old: str, new: str, said: str) -> None:
    assert old in TEXT
    found = read_programme(TEXT.replace(old, new))
    assert isinstance(found, list)
    assert any(said in one.detail for one in found), found


def test_badges_and_streaks_go_by_one_person() -> None:
    badge = "\nrecognition: {badges: [{id: b, title: B, rule: others, at_least: 3}]}\n"
    found = read_programme(TEXT + badge)
    assert isinstance(found, list)
    assert "is for several people" in str(found)
    programme(TEXT + badge.replace("at_least", "count: awards, at_least"))
    streak = "\nrecognition: {streaks: [{id: s, title: S, rules: [each]}]}\n"
    found = read_programme(TEXT + streak)
    assert isinstance(found, list)
    assert "a streak goes by what one did" in str(found)
