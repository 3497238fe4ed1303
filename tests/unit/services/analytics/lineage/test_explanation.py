"""Why an event earned nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.analytics.lineage.domain.explanation import why_nothing
from services.analytics.lineage.domain.trail import EventRecord
from services.analytics.programmes.domain import Version
from shared.contracts.programme import Rule

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def event(kind: str, *, retracted: bool = False) -> EventRecord:
    """An event that names nobody but its actor."""
    return EventRecord(
        event_uid="11111111-0000-5000-8000-000000000000",
        source="https://forum.example",
        event_id="1",
        type=kind,
        channel="forum",
        member_id="22222222-0000-5000-8000-000000000000",
        object_member_id=None,
        reply_member_id=None,
        target_uid=None,
        event_time=NOON,
        received_at=NOON,
        retracted_by="33333333-0000-5000-8000-000000000000" if retracted else None,
    )


def version(*rules: dict[str, Any]) -> Version:
    for rule in rules:
        Rule.model_validate({"title": "Title", "points": 5, **rule})
    return Version("demo", 3, rules)


@pytest.mark.parametrize(
    ("subject", "rules", "codes"),
    [
        (event("activity.retracted.v1"), [], ["is_retraction"]),
        (event("activity.restored.v1"), [], ["is_restoration"]),
        (event("forum.post.v1"), [{"id": "a", "on": ["chat.message.v1"]}], ["no_rule_for_type"]),
        (
            event("forum.post.v1", retracted=True),
            [{"id": "a", "on": ["forum.post.v1"], "when": "data.length_chars > 9"}],
            ["retracted", "condition_or_cap"],
        ),
        (
            event("forum.reply.v1"),
            [
                {"id": "a", "on": ["forum.reply.v1"], "to": "reply_author"},
                {"id": "b", "on": ["forum.reply.v1"], "daily_cap": 10},
                {"id": "c", "on": ["forum.reply.v1"]},
            ],
            ["nobody_in_slot", "condition_or_cap", "not_scored_yet"],
        ),
    ],
)
def test_reasons(subject: EventRecord, rules: list[dict[str, Any]], codes: list[str]) -> None:
    assert [reason.code for reason in why_nothing(subject, version(*rules))] == codes


def test_without_a_programme() -> None:
    (reason,) = why_nothing(event("forum.post.v1"), None)
    assert reason.code == "no_programme"


def test_a_reason_names_the_rule_its_condition_and_its_cap() -> None:
    rule = {"id": "long-post", "on": ["forum.post.v1"], "when": "data.length_chars > 100", "daily_cap": 20}
    (reason,) = why_nothing(event("forum.post.v1"), version(rule))
    assert reason.rule_id == "long-post"
    assert "data.length_chars > 100" in reason.detail
    assert "20 points" in reason.detail
    assert reason.detail[0].isupper()


def test_an_event_can_pay_whom_it_names() -> None:
    assert event("forum.reply.v1").beneficiaries == {"actor"}
    reply = replace(event("forum.reply.v1"), object_member_id="a", reply_member_id="b")
    assert reply.beneficiaries == {"actor", "object_author", "reply_author"}
