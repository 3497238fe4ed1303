"""Programmes whose conditions cost too much are refused, each with its line and what to write instead."""

import time
from typing import Any

import orjson
import pytest

from services.scoring.programmes.domain.mistakes import Mistake
from services.scoring.programmes.domain.reading import read_programme
from shared.contracts.programme import Programme

TWENTY = f"[{', '.join(map(str, range(20)))}]"
NESTED = (
    "".join(f"{TWENTY}. // loop {name}\n all( // over {name}\n {name}, " for name in "abcdefgh") + "a >= 0))))))))"
)
REGEX = r"data.channel.matches('(\\w{250}){3}$')"


def programme(*conditions: str, on: str = "forum.post.v1") -> str:
    rules = [
        {"id": f"rule-{number}", "title": "R", "on": [on], "points": 1, "when": condition}
        for number, condition in enumerate(conditions)
    ]
    return orjson.dumps({"programme": "dear", "title": "Dear", "rules": rules}).decode()


def refused(text: str, **options: Any) -> list[Mistake]:
    read = read_programme(text, **options)
    assert not isinstance(read, Programme)
    return read


def test_nested_loops_behind_comments_are_refused() -> None:
    (mistake,) = refused(programme(NESTED))
    assert mistake.field == "/rules/0/when"
    assert "at most 1 of all, exists" in mistake.detail


def test_each_of_twenty_regular_expressions_that_are_too_large_is_refused() -> None:
    started = time.process_time()
    mistakes = refused(programme(*[REGEX] * 20))
    assert {one.field for one in mistakes} == {f"/rules/{number}/when" for number in range(20)}
    assert all("the regular expression is too large" in one.detail for one in mistakes)
    # None was handed to the evaluator, where each takes a second.
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "condition",
    [
        "false && data.channel.matches('[z-a]')",
        "true || data.channel.matches('[z-a]')",
        "data.length_chars > 0 ? true : data.channel.matches('[z-a]')",
        "data.length_chars < 0 ? data.channel.matches('[z-a]') : true",
        "!(data.length_chars < 0 && (true || data.channel.matches('[z-a]')))",
        "[true, data.channel.matches('[z-a]')][0] || true",
        "size({'a': data.channel.matches('[z-a]')}) == 1 || true",
    ],
)
def test_a_regular_expression_is_tried_wherever_it_stands(condition: str) -> None:
    (mistake,) = refused(programme(condition))
    assert "the regular expression cannot be used: invalid character class range" in mistake.detail


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("data.length_chars > 3 || data.channel > 3", "No such overload"),
        ("data.length_chars > 3 && (has(data.object) ? data.channel : 3 > 'a') == 'x'", "No such overload"),
        ("data.length_chars > 3 || data.length_chars", "gives int 1, neither true nor false"),
        ("data.length_chars > 3 || event.time > timestamp('2026-13-01T00:00:00Z')", "timestamp"),
        (
            "data.length_chars > 3 || event.time - timestamp('2020-01-01T00:00:00Z') > duration('3 hours')",
            "duration",
        ),
        ("data.length_chars > 3 || int('three') > data.length_chars", "int"),
    ],
)
def test_the_branch_that_the_example_does_not_take_is_tried_too(condition: str, says: str) -> None:
    (mistake,) = refused(programme(condition))
    assert says in mistake.detail


@pytest.mark.parametrize(
    "condition",
    [
        "has(data.attributes.level) && data.attributes.level > 3",
        "data.attributes.exists(key, type(data.attributes[key]) == int && data.attributes[key] > 3)",
        "type(data.attributes.size) == string ? data.attributes.size == 'L' : data.attributes.size > 3",
        "data.length_chars / data.length_chars == 1 || int(data.object.id) > 3",
    ],
)
def test_what_depends_on_the_event_is_not_held_against_it(condition: str) -> None:
    assert isinstance(read_programme(programme(condition)), Programme)


def test_two_hundred_rules_of_medium_cost_are_refused_together() -> None:
    members = ", ".join(f"'member {number}'" for number in range(60))
    medium = f"[{members}].exists(one, one == data.object.id)"
    assert isinstance(read_programme(programme(medium)), Programme)
    (mistake,) = refused(programme(*[medium] * 200))
    assert "the 200 conditions on forum.post.v1 can take up to" in mistake.detail
    assert "may take 50,000 together" in mistake.detail


def test_two_hundred_cheap_rules_may_be() -> None:
    cheap = "data.length_chars >= 20 && data.object.id.startsWith('team-')"
    assert isinstance(read_programme(programme(*[cheap] * 200)), Programme)


def test_rules_on_other_types_do_not_count() -> None:
    medium = f"[{', '.join(map(str, range(150)))}].exists(x, x == size(data.channel))"
    rules = [
        {"id": f"r{number}", "title": "R", "on": [on], "points": 1, "when": medium}
        for number, on in enumerate(["forum.post.v1", "forum.reply.v1", "chat.message.v1", "code.commit.v1"] * 4)
    ]
    text = orjson.dumps({"programme": "dear", "title": "Dear", "rules": rules}).decode()
    assert isinstance(read_programme(text), Programme)


def test_what_takes_long_when_it_is_tried_is_refused() -> None:
    ticks = iter(range(1_000_000))
    (mistake,) = refused(programme("data.length_chars > 3"), clock=lambda: next(ticks) * 0.02)
    assert "this takes 20.0 ms for the largest event, and may take 5 ms" in mistake.detail


def test_once_is_no_measurement() -> None:
    """A machine that is busy for a moment refuses nobody's programme."""
    ticks = iter([0.0, 0.5, *[0.5] * 1_000])
    assert isinstance(read_programme(programme("data.length_chars > 3"), clock=lambda: next(ticks)), Programme)


ALSO: dict[str, Any] = {"also": [{"to": "object_author"}, {"to": "reply_author"}]}


def for_several(count: int, rule: dict[str, Any]) -> str:
    attributes = [{"id": "tier", "title": "Tier", "for_rules": True, "personal": False}]
    rules = [
        {"id": f"rule-{number}", "title": "R", "on": ["forum.reply.v1"], "points": 5} | rule
        for number in range(count)
    ]
    document = {"programme": "dear", "title": "Dear", "attributes": attributes, "rules": rules}
    return orjson.dumps(document).decode()


def test_what_is_asked_for_each_of_three_people_counts_three_times() -> None:
    # 6,263 steps for each that is asked, and 50,000 together.
    dear = {"when": 'data.object.id.matches("^team-[0-9]+[a-z]*x$") || member.tier.matches("^[a-z]{3}x+y+z$")'}
    assert isinstance(read_programme(for_several(7, dear)), Programme)
    assert isinstance(read_programme(for_several(2, dear | ALSO)), Programme)
    (mistake,) = refused(for_several(7, dear | ALSO))
    assert "the 7 conditions on forum.reply.v1 can take up to 131,523 steps for one event" in mistake.detail
    # What says the same of all of them is asked once.
    same = {"when": 'data.object.id.matches("^team-[0-9]+[a-z]*x$") || data.channel.matches("^[a-z]{3}x+y+z$")'}
    assert isinstance(read_programme(for_several(7, same | ALSO)), Programme)
    # Unless something else of the rule is another's for each of them.
    gold = {"multipliers": [{"id": "gold", "title": "G", "when": 'member.tier == "gold"', "percent": 200}]}
    assert len(refused(for_several(7, same | ALSO | gold))) == 1
    assert isinstance(read_programme(for_several(7, same | gold)), Programme)


def test_so_do_points_that_are_calculated() -> None:
    counted = {"points_by": {"cel": "[1, 2, 3, 4, 5, 6, 7, 8].map(n, n * 2).size() + data.channel.size()"}}
    alone = next(
        count for count in range(1, 200) if not isinstance(read_programme(for_several(count, counted)), Programme)
    )
    several = next(
        count
        for count in range(1, 200)
        if not isinstance(read_programme(for_several(count, counted | ALSO)), Programme)
    )
    assert (alone - 1) // 3 + 1 == several
