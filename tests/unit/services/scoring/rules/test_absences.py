"""What an event lacks is absent at any depth, and a condition that can never hold is warned of."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.scoring.programmes.domain.reading import read_programme, read_with_warnings
from services.scoring.rules.domain.conditions import judge
from shared.conditions.compiling import compile_condition
from shared.conditions.evaluation import NotEvaluated, compiled, context_of, holds

BARE: dict[str, Any] = {
    "id": "7",
    "source": "forge",
    "type": "code.issue.v1",
    "time": datetime(2026, 3, 1, 22, 30, tzinfo=UTC),
    "data": {"channel": "code", "actor": {"id": "ann"}, "action": "opened"},
}
FULL = BARE | {
    "data": BARE["data"]
    | {
        "repository": "lathe",
        "object": {"id": "1", "author": {"id": "bob"}},
        "attributes": {"pull_request": True, "kind": ""},
    }
}


def answers(expression: str) -> list[bool | NotEvaluated]:
    condition = compile_condition(expression)
    return [holds(condition, context_of(event, condition.variables)) for event in (BARE, FULL)]


@pytest.mark.parametrize(
    ("expression", "bare", "full"),
    [
        ("!has(data.attributes.pull_request)", True, False),
        ("has(data.attributes.pull_request)", False, True),
        ("has(data.attributes.pull_request) && data.attributes.pull_request", False, True),
        ("!has(data.attributes.nothing)", True, True),
        ("!has(data.object.author.name)", True, True),
        ("has(data.object.author.id)", False, True),
        ("!(has(data.object.author))", True, False),
        ("data.attributes.pull_request == null", True, False),
        ("null == data.attributes.pull_request", True, False),
        ("data.attributes.pull_request != null", False, True),
        ("data.attributes == null", True, False),
        ("data.repository == null || data.repository == 'lathe'", True, True),
        ("data.object.author == null", True, False),
        ("data.attributes['pull_request'] == null", True, False),
        ("data.attributes['kind'] != null", False, True),
        ("'pull_request' in data.attributes", False, True),
        ("!('pull_request' in data.attributes)", True, False),
        ("data.object.author == null ? true : data.object.author.id != 'bob'", True, False),
        ("data.action == null", False, False),
        ("['a'].exists(one, !has(data.attributes.pull_request))", True, False),
    ],
)
def test_what_is_absent_is_absent_along_the_whole_path(expression: str, bare: bool, full: bool) -> None:
    assert answers(expression) == [bare, full]


def test_what_is_compared_and_absent_still_has_no_answer() -> None:
    bare, full = answers("data.attributes.kind == ''")
    assert isinstance(bare, NotEvaluated)
    assert full is True


def test_what_is_judged_is_what_is_evaluated() -> None:
    expression = "!has(data.attributes.pull_request)"
    judged = judge(expression, ["code.issue.v1"])
    assert judged.text == "!(has(data.attributes) && has(data.attributes.pull_request))"
    assert compiled(judged.text).execute({"data": BARE["data"]}) is True
    assert judged.variables == ("data",)


def programme(condition: str, event_types: str = "code.issue.v1") -> str:
    return (
        "programme: p\ntitle: P\nrules:\n"
        f"  - id: a\n    title: A\n    on: [{event_types}]\n    points: 1\n    when: >-\n      {condition}\n"
    )


@pytest.mark.parametrize(
    "condition",
    [
        "!has(data.action)",
        "data.action == null",
        "!has(data.channel) || data.channel == 'smoke'",
        "data.channel == 'smoke'",
        "event.type == 'code.release.v1'",
        "!has(data.repository) && data.repository == 'lathe'",
        "!has(data.object) && has(data.object.author)",
        "data.attributes == null && data.attributes.kind == 'x'",
        "data.action == 'opened' && data.action == 'closed'",
        "false",
        "data.repository == null && data.repository.startsWith('plugin-')",
        "event.time == null",
    ],
)
def test_a_condition_that_can_never_be_true_is_warned_of(condition: str) -> None:
    read = read_with_warnings(programme(condition))
    assert read.programme is not None, read.mistakes
    (warning,) = read.warnings
    assert (warning.line, warning.field) == (8, "/rules/0/when")
    assert "can never be true for code.issue.v1" in warning.detail


@pytest.mark.parametrize(
    "condition",
    [
        "!has(data.attributes.pull_request)",
        "data.repository == null",
        "data.repository == null || data.repository == 'lathe'",
        "!has(data.repository) || data.repository in ['a', 'b']",
        "data.channel == 'code'",
        "data.action == 'opened' || data.action == 'closed'",
        "has(data.object) ? data.object.id == '1' : data.action == 'opened'",
        "data.attributes.a == 1 && !has(data.attributes.b)",
        "['opened', 'closed'].exists(one, one == data.action)",
    ],
)
def test_one_that_may_be_true_is_not(condition: str) -> None:
    read = read_with_warnings(programme(condition))
    assert read.programme is not None, read.mistakes
    assert read.warnings == []


def test_it_is_enough_to_be_possible_for_one_of_the_types() -> None:
    text = programme("data.merged == null && event.type == 'code.issue.v1'", "code.pull_request.v1, code.issue.v1")
    assert read_with_warnings(text).warnings == []


def test_a_mistake_comes_alone() -> None:
    text = programme("false", "code.isue.v1")
    assert [mistake.field for mistake in read_with_warnings(text).mistakes] == ["/rules/0/on/0"]
    assert read_with_warnings(text).warnings == []
    assert read_programme(text) == read_with_warnings(text).mistakes
