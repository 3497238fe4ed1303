"""Conditions: what can be known before the first event is refused at publication, the rest explained."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.scoring.rules.domain.conditions import check_condition
from shared.conditions.compiling import compile_condition
from shared.conditions.errors import ConditionError
from shared.conditions.evaluation import Condition, NotEvaluated, context_of, holds

EVENT: dict[str, Any] = {
    "id": "7",
    "source": "forum",
    "type": "forum.reply.v1",
    "time": datetime(2026, 3, 1, 22, 30, tzinfo=UTC),
    "data": {
        "channel": "forum",
        "actor": {"bot": False},
        "length_chars": 42,
        "attributes": {"category": "help", "votes": 3},
    },
}


def answer(expression: str, object_id: str = "https://forum.example.org/1") -> bool | NotEvaluated:
    condition = compile_condition(expression)
    event = EVENT | {"data": EVENT["data"] | {"object": {"id": object_id}}}
    return holds(condition, context_of(event, condition.variables))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("true", True),
        ("data.length_chars >= 42", True),
        ("data.length_chars > 42", False),
        ("data.attributes.category == 'help' && data.attributes.votes in [3, 4]", True),
        ("has(data.attributes.sticky)", False),
        ("'category' in data.attributes", True),
        ("event.time.getHours() >= 22", True),
        ("event.time < timestamp('2027-01-01T00:00:00Z')", True),
        ("!data.actor.bot", True),
        ("['help', 'bugs'].exists(one, one == data.attributes.category)", True),
        # CEL's || does not mind an error beside a true side.
        ("data.nothing > 1 || data.length_chars > 1", True),
    ],
)
def test_a_condition_holds_or_not(expression: str, expected: bool) -> None:
    assert answer(expression) is expected


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("data.nothing > 1", "no field nothing"),
        ("data.attributes.category > 1", "overload"),
        ("data.length_chars / 0 == 1", "zero"),
        ("data.length_chars", "int 42, neither true nor false"),
        ("int(data.attributes.category) > 1", "invalid digit"),
        ("data.channel.matches('(')", "not a valid regex"),
        ("9223372036854775807 + data.length_chars > 1", "overflow"),
    ],
)
def test_without_an_answer_the_reason_is_kept(expression: str, reason: str) -> None:
    found = answer(expression)
    assert isinstance(found, NotEvaluated)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        # PostgreSQL has no text with a NUL: one such reason, and nobody's events would ever be stored again.
        (r'data.attributes["a\u0000b"] == "x"', r"the event has no field a\x00b"),
        (r'{"a": true}[data.channel + "\u0000"]', r"the event has no field forum\x00"),
        (
            r'data.length_chars == 42 ? dyn("a\u202eb") : dyn(true)',
            r"the result is str 'a\u202eb', neither true nor false",
        ),
        # An event with 64 kB would have 200 rules say that it has no field of 64 kB.
        ('{"a": true}[data.object.id]', f"the event has no field https://{'u' * 92}"),
        (
            "size(data.object.id) > 1 ? dyn([[data.object.id]]) : dyn(true)",
            "the result is list [['https://uuuuuuu",
        ),
    ],
)
def test_a_reason_can_be_stored_and_shown_whatever_the_event_says(expression: str, reason: str) -> None:
    found = answer(expression, object_id=f"https://{'u' * 60_000}")
    assert isinstance(found, NotEvaluated)
    assert found.reason.startswith(reason)
    assert len(found.reason) <= 300
    assert found.reason.isprintable()


def test_whatever_the_evaluator_raises_is_the_conditions_own() -> None:
    class Program:
        def execute(self, _: object) -> bool:
            raise AttributeError("a mistake\nin the evaluator")

    assert holds(Condition(Program(), ()), None) == NotEvaluated("a mistake")


@pytest.mark.parametrize(
    ("expression", "event_types", "offset", "says"),
    [
        ("1 +", ["chat.message.v1"], 3, "ends too early"),
        ("data.score >\n 3 +* 2", ["survey.response.v1"], 17, "extraneous input"),
        ("data.action == closed", ["code.issue.v1"], 15, "no variable `closed`"),
        ("data.repository.startWith('x')", ["code.commit.v1"], 16, "did you mean `startsWith`"),
        ("data.lenght_chars > 1", ["chat.message.v1"], 0, "did you mean `length_chars`"),
        ("data.actor.bt == true", ["forum.post.v1"], 0, "known are bot"),
        ("data.actor.id == 'x'", ["forum.post.v1"], 0, "has no field `data.actor.id`"),
        ("data.text.contains('x')", ["forum.post.v1"], 0, "has no field `data.text`"),
        ("true && event.tim == 'x'", ["forum.post.v1"], 8, "did you mean `time`"),
        ("data.score > 'a'", ["survey.response.v1"], None, "cannot be evaluated"),
        ("event.time.getHours('UTC') < 3", ["code.commit.v1"], None, "getHours"),
        ("data.length_chars", ["forum.post.v1"], None, "must be true or false"),
        ("[1].all(x, [1].all(y, x == y))", ["forum.post.v1"], None, "at most 1"),
        ("(" * 500 + "1" + ")" * 500, ["forum.post.v1"], None, "nested too deeply"),
    ],
)
def test_what_can_never_work_is_refused(
    expression: str, event_types: list[str], offset: int | None, says: str
) -> None:
    with pytest.raises(ConditionError, match=says) as refused:
        check_condition(expression, event_types)
    if offset is not None:
        assert refused.value.offset == offset


@pytest.mark.parametrize(
    ("expression", "event_types"),
    [
        # A field that one of the types has is enough.
        ("data.length_chars > 3", ["code.pull_request.v1", "forum.post.v1"]),
        ("data.attributes.anything > 3", ["forum.post.v1"]),
        ("data.topic == 'data.lenght_chars, .map(x, '", ["forum.post.v1"]),
        ("has(data.object) && data.object.id != data.topic", ["chat.message.v1"]),
    ],
)
def test_what_may_work_is_taken(expression: str, event_types: list[str]) -> None:
    check_condition(expression, event_types)
    assert compile_condition(expression).variables == ("data",)


def test_only_the_variables_that_are_read_are_passed() -> None:
    assert compile_condition("[1].exists(x, x == 1)").variables == ()
    assert context_of(EVENT, ("event",)).variables.keys() == {"event"}
    assert set(context_of(EVENT, ("event",)).variables["event"]) == {"id", "source", "type", "time"}
