"""What an editor offers at the cursor: the names that may stand there, however unfinished the text is."""

import time

import pytest

from services.scoring.programmes.domain.completing import COMPLETIONS_MAX_COUNT, Completions, Cursor, completions
from shared.located_yaml import DOCUMENT_MAX_BYTES

CURSOR = "¦"
BEGUN = """\
programme: demo
title: Demo
attributes:
  - {id: tier, title: Tier, for_rules: true}
  - {id: secret, title: Secret}
rules:
  - id: answer
    title: Answered
    on: [forum.reply.v1]
"""


def at(text: str) -> Completions:
    before, _, after = text.partition(CURSOR)
    line = before.count("\n") + 1
    return completions(before + after, Cursor(line, len(before) - (before.rfind("\n") + 1) + 1))


def texts(text: str) -> list[str]:
    return [one.text for one in at(text).found]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("¦", ["programme: ", "title: ", "description: "]),
        ("pro¦", ["programme: "]),
        (BEGUN + "    po¦", ["points: "]),
        (BEGUN + "    po¦\n    own: true\n", ["points: "]),
        (BEGUN + "    ¦", ["when: ", "points: ", "to: ", "own: "]),
        (BEGUN + "    to: ¦", ["actor", "object_author", "reply_author"]),
        (BEGUN + "    to: rep¦\n    points: 3\n", ["reply_author"]),
        (BEGUN + "    own: ¦", ["true", "false"]),
        (
            BEGUN + "    points: 1\n    limits: [{count: 1, within: ¦}]\n",
            ["hour", "day", "week", "month", "quarter", "year", "campaign", "ever"],
        ),
        (BEGUN + "    points: 1\n¦", ["description: ", "audiences: ", "counters: ", "events: ", "limits: "]),
        (BEGUN + "    points: 1\nlimits:\n  ¦", ["- id: "]),
        (BEGUN + "    points: 1\nrewards:\n  ¦", ["catalogue: ", "payout: "]),
        (BEGUN + "    points: 1\nrewards:\n  payout:\n    cur¦\n", ["currency: "]),
        ("rules:\n  - {id: a, ¦}\n", ["title: ", "on: ", "when: ", "points: "]),
        ("rules:\n  - {id: a, on: ¦", ["[forum.post.v1]", "[forum.reply.v1]"]),
        ("rules:\n  - {id: a, on: [forum.re¦", ["forum.reply.v1"]),
        ("rules:\n  - id: a\n    on: [forum.post.v1, chat.¦]\n", ["chat.message.v1", "chat.reaction.v1"]),
        ("rules:\n  - id: a\n    on:\n      - chat.m¦\n", ["chat.message.v1"]),
        (BEGUN + "    points: 1\nrecognition:\n  badges:\n    - {id: b, rule: ¦}\n", ["answer"]),
        (BEGUN + "    points: 1\nlimits:\n  - {id: l, rules: [¦\n", ["answer"]),
    ],
    ids=range(20),
)
def test_fields_values_and_ids_stand_where_they_may(text: str, found: list[str]) -> None:
    assert texts(text)[: len(found)] == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("¦", ["data", "event", "member", "has("]),
        ("data.len¦", ["data.length_chars"]),
        ("'data.len¦", ["data.length_chars"]),
        ("'!has(data.len¦)'\n    points: 3\n", ["data.length_chars"]),
        ("has(data.le¦", ["data.length_chars"]),
        (">-\n      has(data.length_chars)\n      && data.len¦", ["data.length_chars"]),
        ("data.object.¦", ["data.object.author", "data.object.id"]),
        ("member.¦", ["member.tier"]),
        ("event.time.getDayOfW¦", ["event.time.getDayOfWeek()"]),
        ("data.topic.st¦", ["data.topic.startsWith("]),
        ("data.channel == ¦", ['"forum"', '"social"']),
        ("'data.channel == \"ch¦\"'\n", ['"chat"']),
        ("data.nothing.here¦", []),
    ],
    ids=range(13),
)
def test_conditions_have_the_fields_of_their_events(condition: str, found: list[str]) -> None:
    offered = texts(BEGUN + "    when: " + condition)
    assert offered[: len(found)] == found
    assert "member.secret" not in offered
    assert bool(offered) == bool(found)


def test_what_is_there_up_to_the_cursor_is_replaced() -> None:
    assert at(BEGUN + "    when: size(data.le¦").column == 16
    assert at(BEGUN + "    to: ¦").column == 9
    (only,) = at(BEGUN + "    when: data.length¦").found
    assert only == ("data.length_chars", "name", "a whole number")


def test_what_is_offered_says_what_it_is() -> None:
    offered = {one.text: one for one in at(BEGUN + "    ¦").found}
    assert offered["points: "].detail == "needed; a whole number"
    assert offered["to: "].detail == "one of actor, object_author, reply_author, contributors, team"
    (event_type,) = at("rules:\n  - {id: a, on: [forum.re¦").found
    assert event_type.kind == "event_type"
    assert event_type.detail.startswith("A member answered a post")


@pytest.mark.parametrize(
    "text", ["¦" + "x" * (DOCUMENT_MAX_BYTES + 1), "rules: ]¦", "a: &b ¦", "\x00¦", "[" * 400 + "¦", "\ud800¦"]
)
def test_where_nothing_is_known_nothing_is_offered(text: str) -> None:
    assert texts(text) == []


def test_a_cursor_outside_the_text_breaks_nothing() -> None:
    for line, column in ((0, 1), (9, 1), (1, 99), (1, 0)):
        assert completions("a: b\n", Cursor(line, column)).found == []


def test_a_text_as_long_as_a_programme_may_be_takes_less_than_it_may() -> None:
    rules = "".join(
        f"  - {{id: r{number}, title: T, on: [forum.post.v1], points: 1}}\n" for number in range(4_000)
    )
    started = time.process_time()
    found = at("programme: a\ntitle: A\nrules:\n" + rules + "limits:\n  - {id: l, rules: [¦")
    assert len(found.found) == COMPLETIONS_MAX_COUNT
    assert time.process_time() - started < 5
