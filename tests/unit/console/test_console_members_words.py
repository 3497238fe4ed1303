"""What members' pages and those for everybody say: why not, what changed, and words for all there is."""

from types import SimpleNamespace
from typing import Any, get_args

import pytest

from console.asking import Answer
from console.components.activities import DONE, RECIPIENTS
from console.components.languages import Writer, zone
from console.pages.cards.drawing import shortened
from console.pages.me.acts import REASONS, why_not
from console.pages.members.leaving import TABLES, _held
from console.pages.members.timeline import _entry
from console.pages.members.words import EVENTS
from console.pages.my_data.words import ERASED, HELD, REMAINS
from console.pages.visitors.differences import Difference, differences, unrewarded
from services.ingest.erasure.domain import Terms, remains
from services.ingest.erasure.store import DELETED_TABLES
from services.scoring.rules.domain.declining import Reason
from shared.contracts.activities import ACTIVITY_TYPES
from shared.contracts.programme.worth import To
from shared.personal_data import HELD as REGISTER
from shared.personal_data import Erased
from tests.integration.services.world import NOON

VISIT: Any = SimpleNamespace(say=lambda text, **values: text.format(**values), writer=Writer("en", zone("UTC")))


def test_every_activity_recipient_and_reason_has_its_words() -> None:
    assert DONE.keys() == EVENTS.keys() == set(ACTIVITY_TYPES)
    assert RECIPIENTS.keys() == set(get_args(To))
    assert REASONS.keys() == set(get_args(Reason)) - {"no_beneficiary"}


def test_what_remains_of_somebody_is_said_in_the_readers_language() -> None:
    assert set(REMAINS) == {one.what for one in remains(NOON, Terms(1, 1, 1, 1, 1, 1))}


@pytest.mark.parametrize(
    ("condition", "met", "said"),
    [
        ("data.length_chars >= 20", {"data.length_chars": 7}, "length in characters 7: at least 20 are needed"),
        ("data.sentiment > 0.5", {"data.sentiment": 0.25}, "sentiment 0.25: more than 0.5 are needed"),
        (
            "data.length_chars >= 20 && data.links_count < 3",
            {"data.length_chars": 7, "data.links_count": 9},
            "What it asks for was not so (length in characters 7; links in it 9)",
        ),
        ('data.channel == "chat"', {"data.channel": "forum"}, "What it asks for was not so (channel “forum”)"),
        ("size(data.tags) > 2", {"size(data.tags)": 1}, "What it asks for was not so (tags 1)"),
        ("data.length_chars >= 20", {}, "What it asks for was not so"),
    ],
    ids=["number", "decimal", "two", "text", "list", "unknown"],
)
def test_why_not_names_what_was_met(condition: str, met: Any, said: str) -> None:
    declined = {"reason": "condition_false", "met": met}
    assert why_not(VISIT, declined, {"condition": condition}) == said


def rule(rule_id: str, points: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "rule_id": rule_id,
        "title": rule_id.title(),
        "on": ["forum.post.v1"],
        "to": "actor",
        "points": points,
    } | more


def test_what_changed_between_two_versions_is_found() -> None:
    before = [rule("same"), rule("worth", 1), rule("named"), rule("gone", 4), rule("about")]
    now = [
        *(rule("same"), rule("worth", 2), rule("named", title="Better"), rule("new", 3)),
        rule("about", on=["forum.reply.v1"]),
    ]
    assert differences(now, before) == [
        Difference("mod", "Worth", "+1", "+2"),
        Difference("mod", "Better", "Named", "Better"),
        Difference("add", "New", now="+3"),
        Difference("mod", "About", "forum.post.v1", "forum.reply.v1"),
        Difference("del", "Gone", before="+4"),
    ]
    assert differences(now, now) == []


def test_what_no_rule_is_about_is_what_nobody_gets_points_for() -> None:
    found = unrewarded([rule("post")])
    assert "forum.post.v1" not in found
    assert "forum.reply.v1" in found
    assert "activity.retracted.v1" not in found


def test_a_name_that_is_too_long_for_a_card_ends_in_an_ellipsis() -> None:
    assert shortened("Ada", 5) == "Ada"
    assert shortened("Ada B Lovelace", 5) == "Ada…"


def test_what_an_archive_says_of_each_table_is_in_the_catalogues() -> None:
    held = [one for rows in REGISTER.values() for one in rows]

    assert set(HELD) == {one.says for one in held}
    assert set(ERASED) == set(Erased)


def test_what_an_erasure_deletes_has_its_words() -> None:
    assert TABLES.keys() >= set(DELETED_TABLES)


async def test_whoever_one_service_holds_nothing_of_is_still_exported_and_nobody_is_not() -> None:
    class Ask:
        async def get(self, service: str, path: str, **_: Any) -> Answer:
            return Answer(service, 404, {"type": "urn:plaudit:problem:unknown-member"})

    visit: Any = SimpleNamespace(ask=Ask())

    assert await _held(visit, "analytics", "m1") == []
    assert await _held(visit, "ingest", "m1") is None


def test_what_was_given_and_is_held_since_is_said_once() -> None:
    event = {"event_uid": "e", "type": "chat.message.v1", "member_id": "kofi", "object_member_id": "ada"}
    award = {
        "award_id": "a",
        "rule_id": "heard",
        "member_id": "ada",
        "amounts_to": 0,
        "amendments": [{"cause": "held"}],
    }
    declined = {
        "rule_id": "heard",
        "reason": "held",
        "beneficiary": "object_author",
        "met": {},
        "detail": "",
    }
    explanation = {"rules": [], "attributes": [], "declined": [declined], "restatements": []}
    of_ada = {"event": event, "points": 0, "awards": [{"award": award, "grants": []}]}
    (line,) = _entry(of_ada, explanation, "ada", {}).lines
    assert (line.kind, line.why) == ("award", "held")
    # What was held before it was given is told by why not alone.
    (line,) = _entry(of_ada | {"awards": []}, explanation, "ada", {}).lines
    assert line.kind == "declined"
