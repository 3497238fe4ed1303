"""The example programmes give what they say, rule by rule."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.compiling import CompiledVersion, compile_version
from services.scoring.rules.domain.matching import match
from shared.contracts.programme import Programme

FOLDER = Path(__file__).parents[5] / "programmes"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN, BOB, CAT = (f"00000000-0000-5000-8000-00000000000{letter}" for letter in "abc")


def version(name: str) -> CompiledVersion:
    programme = read_programme((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(programme, Programme)
    return compile_version(programme, 1, datetime(1970, 1, 1, tzinfo=UTC))


def done(event_type: str, data: dict[str, Any], **more: Any) -> Any:
    """Ann's event about Bob's thing, in answer to Cat."""
    return {
        "id": "1",
        "source": "example",
        "type": event_type,
        "time": NOON,
        "community": "acme",
        "uid": "00000000-0000-5000-8000-000000000001",
        "member": ANN,
        "objectmember": BOB,
        "replymember": CAT,
        "receivedat": NOON,
        "data": {"channel": "forum", "actor": {"id": "ann"}, **data},
        **more,
    }


def earned(name: str, event_type: str, **data: Any) -> dict[tuple[str, str], int]:
    """What it earns: points by member and rule."""
    candidates = match([done(event_type, data)], {"acme": [version(name)]}).candidates
    return {(one.member_id, one.rule.id): one.rule.points for one in candidates}


@pytest.mark.parametrize(
    ("event_type", "data", "expected"),
    [
        ("forum.post.v1", {}, {(ANN, "post"): 5}),
        ("forum.reply.v1", {"length_chars": 20}, {(ANN, "reply"): 3, (CAT, "answered"): 1}),
        ("forum.reply.v1", {"length_chars": 19}, {(CAT, "answered"): 1}),
        ("forum.reply.v1", {}, {(ANN, "reply"): 3, (CAT, "answered"): 1}),
        ("forum.answer_accepted.v1", {}, {(BOB, "answer-accepted"): 15}),
        ("chat.message.v1", {}, {(ANN, "message"): 1}),
        ("chat.reaction.v1", {"reaction": "+1"}, {(BOB, "reaction-received"): 1}),
        ("social.share.v1", {}, {(ANN, "share"): 5}),
        ("code.commit.v1", {"parents": 1}, {(ANN, "commit"): 5}),
        ("code.commit.v1", {"parents": 2}, {}),
        ("code.pull_request.v1", {"action": "closed", "merged": True}, {(BOB, "pull-request-merged"): 25}),
        ("code.pull_request.v1", {"action": "closed", "merged": False}, {}),
        ("code.pull_request.v1", {"action": "opened"}, {}),
        ("code.review.v1", {"action": "submitted"}, {(ANN, "review"): 10}),
        ("in_person.check_in.v1", {}, {(ANN, "meet-up"): 20}),
        ("support.ticket_resolved.v1", {}, {(ANN, "ticket-resolved"): 15}),
        ("survey.response.v1", {"score": 9}, {(ANN, "survey"): 5}),
        ("kudos.given.v1", {}, {(BOB, "kudos-received"): 10, (ANN, "kudos-given"): 1}),
        ("shop.purchase.v1", {"amount_minor": 1, "currency": "EUR"}, {}),
    ],
)
def test_starter(event_type: str, data: dict[str, Any], expected: dict[tuple[str, str], int]) -> None:
    assert earned("starter", event_type, **data) == expected


@pytest.mark.parametrize(
    ("event_type", "data", "expected"),
    [
        ("code.commit.v1", {}, {(ANN, "commit"): 5}),
        ("code.commit.v1", {"parents": 2}, {}),
        (
            "code.pull_request.v1",
            {"action": "closed", "merged": True},
            {
                (BOB, rule): points
                for rule, points in (("pull-request-merged", 40), ("first-contribution", 25), ("built", 1))
            },
        ),
        ("code.pull_request.v1", {"action": "closed"}, {}),
        (
            "code.review.v1",
            {"action": "submitted", "state": "approved"},
            {(ANN, "review"): 15, (ANN, "read-for-others"): 2, (BOB, "work-reviewed"): 2},
        ),
        ("code.review.v1", {"action": "submitted", "state": "dismissed"}, {(BOB, "work-reviewed"): 2}),
        ("code.review.v1", {"action": "dismissed"}, {}),
        ("code.issue.v1", {"action": "opened"}, {(ANN, "issue-opened"): 5}),
        ("code.issue.v1", {"action": "closed"}, {}),
        ("code.comment.v1", {"action": "created"}, {(ANN, "discussion"): 1}),
        ("code.comment.v1", {"action": "edited"}, {}),
        ("code.release.v1", {"action": "published"}, {(ANN, "release"): 50}),
        ("code.star.v1", {"action": "created"}, {}),
    ],
)
def test_open_source(event_type: str, data: dict[str, Any], expected: dict[tuple[str, str], int]) -> None:
    assert earned("open-source", event_type, **data) == expected


def test_messages() -> None:
    assert earned("messages", "chat.message.v1") == {(ANN, "message"): 1, (BOB, "written-to"): 2}


@pytest.mark.parametrize(
    ("name", "event_type", "data", "own", "rule"),
    [
        ("open-source", "code.review.v1", {"action": "submitted"}, "objectmember", "review"),
        ("starter", "code.review.v1", {"action": "submitted"}, "objectmember", "review"),
        ("starter", "kudos.given.v1", {}, "objectmember", "kudos-given"),
        ("starter", "kudos.given.v1", {}, "objectmember", "kudos-received"),
        ("starter", "forum.reply.v1", {"length_chars": 99}, "replymember", "reply"),
        ("starter", "support.ticket_resolved.v1", {}, "objectmember", "ticket-resolved"),
        ("open-source", "code.comment.v1", {"action": "created"}, "replymember", "discussion"),
    ],
)
def test_ones_own_acts_earn_nothing(name: str, event_type: str, data: dict[str, Any], own: str, rule: str) -> None:
    matched = match([done(event_type, data, **{own: ANN})], {"acme": [version(name)]})
    assert [one for one in matched.candidates if one.rule.id == rule] == []
    assert [one.reason for one in matched.declined if one.rule_id == rule] == ["own_act"]


@pytest.mark.parametrize(
    ("name", "event_type", "data", "rule"),
    [
        ("starter", "forum.post.v1", {}, "post"),
        ("starter", "forum.reply.v1", {"length_chars": 99}, "reply"),
        ("starter", "chat.message.v1", {}, "message"),
        ("open-source", "code.issue.v1", {"action": "opened"}, "issue-opened"),
        ("open-source", "code.comment.v1", {"action": "created"}, "discussion"),
        ("open-source", "code.release.v1", {"action": "published"}, "release"),
    ],
)
def test_what_one_makes_is_no_act_on_ones_own(name: str, event_type: str, data: dict[str, Any], rule: str) -> None:
    """Platforms name whoever wrote a post as its author: there was nothing of theirs before."""
    matched = match([done(event_type, data, objectmember=ANN)], {"acme": [version(name)]})
    assert rule in [one.rule.id for one in matched.candidates]


def test_own_acts_earn_where_the_rule_says_so() -> None:
    text = (FOLDER / "starter.yaml").read_text(encoding="utf-8")
    programme = read_programme(
        text.replace("on: [support.ticket_resolved.v1]", "on: [support.ticket_resolved.v1]\n    own: true")
    )
    assert isinstance(programme, Programme)
    allowed = compile_version(programme, 1, datetime(1970, 1, 1, tzinfo=UTC))
    matched = match([done("support.ticket_resolved.v1", {}, objectmember=ANN)], {"acme": [allowed]})
    assert [one.rule.id for one in matched.candidates] == ["ticket-resolved"]


def test_once_per_person_and_object_has_one_window() -> None:
    """Emojis by one person on one message; an answer accepted under two ids; a meet-up over midnight."""
    starter = {"acme": [version("starter")]}
    for event_type, more in (
        ("chat.reaction.v1", {"reaction": "+1"}),
        ("forum.answer_accepted.v1", {}),
        ("in_person.check_in.v1", {}),
    ):
        thing = {"object": {"id": "it"}, **more}
        two = [done(event_type, thing), done(event_type, thing, id="2", time=NOON + timedelta(days=1))]
        other = done(event_type, {**thing, "object": {"id": "another"}})
        windows = [one.windows[-1] for one in match([*two, other], starter).candidates]
        assert windows[0] == windows[1] != windows[2]
        assert [one.bounds[-1] for one in match(two, starter).candidates] == [-1, -1]
