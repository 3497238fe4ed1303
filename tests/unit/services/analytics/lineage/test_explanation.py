"""Why an event earned nothing."""

from typing import Any

import pytest

from services.analytics.lineage.domain import Subject, why_nothing
from services.analytics.programmes.domain import Version
from shared.contracts.programme import Rule

ACTOR = frozenset({"actor"})


def version(*rules: dict[str, Any]) -> Version:
    for rule in rules:
        Rule.model_validate({"title": "Title", "points": 5, **rule})
    return Version("demo", 3, rules)


@pytest.mark.parametrize(
    ("subject", "rules", "codes"),
    [
        (Subject("activity.retracted.v1", False, ACTOR), [], ["is_retraction"]),
        (Subject("forum.post.v1", False, ACTOR), [{"id": "a", "on": ["chat.message.v1"]}], ["no_rule_for_type"]),
        (
            Subject("forum.post.v1", True, ACTOR),
            [{"id": "a", "on": ["forum.post.v1"], "when": "data.length_chars > 9"}],
            ["retracted", "condition_or_cap"],
        ),
        (
            Subject("forum.reply.v1", False, ACTOR),
            [
                {"id": "a", "on": ["forum.reply.v1"], "to": "reply_author"},
                {"id": "b", "on": ["forum.reply.v1"], "daily_cap": 10},
                {"id": "c", "on": ["forum.reply.v1"]},
            ],
            ["nobody_in_slot", "condition_or_cap", "not_scored_yet"],
        ),
    ],
)
def test_reasons(subject: Subject, rules: list[dict[str, Any]], codes: list[str]) -> None:
    assert [one.code for one in why_nothing(subject, version(*rules))] == codes


def test_without_a_programme() -> None:
    (reason,) = why_nothing(Subject("forum.post.v1", False, ACTOR), None)
    assert reason.code == "no_programme"


def test_a_reason_names_the_rule_its_condition_and_its_cap() -> None:
    rule = {"id": "long-post", "on": ["forum.post.v1"], "when": "data.length_chars > 100", "daily_cap": 20}
    (reason,) = why_nothing(Subject("forum.post.v1", False, ACTOR), version(rule))
    assert reason.rule_id == "long-post"
    assert "data.length_chars > 100" in reason.detail
    assert "20 points" in reason.detail
    assert reason.detail[0].isupper()
