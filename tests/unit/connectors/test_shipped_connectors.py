"""The connectors that come with Plaudit: their cases, the data, and the page that lists each type."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

from connectors.cases import deliveries_of, delivery_of, failures, stands
from connectors.compiled import is_of
from connectors.engine import Delivery, challenge_answer, checked, map_delivery, recognise, settings_of
from connectors.exports.contents import Text
from connectors.exports.finding import find
from connectors.listing import becomes
from connectors.reading import read_connector
from connectors.shipped import connector, files
from connectors.signatures import ForgedError, Signed, verify
from shared.contracts.activities import ACTIVITY_TYPES
from shared.located_yaml import read_yaml
from tests.unit.connectors.documented import DOCUMENTED
from tests.unit.connectors.examples import RECEIVED
from tools.connectors import with_connectors

ROOT = Path(__file__).parents[3]
SHARED_DATA = Path(os.environ.get("PLAUDIT_SHARED_DATA", "../shared/data"))
PLATFORMS = SHARED_DATA / "platforms"
needs_platforms = pytest.mark.skipif(not PLATFORMS.is_dir(), reason=f"{PLATFORMS} is not there")
NAMES = sorted(files())
#: What each file of the data becomes; what is not named is no_engagement.
MAPPED = {
    "discourse": {
        "accepted_solution": ["forum.answer_accepted.v1", "activity.restored.v1"],
        "post_created": ["forum.post.v1"],
        "post_liked": ["chat.reaction.v1"],
        "topic_destroyed": ["activity.retracted.v1"],
        "user_created": ["member.joined.v1"],
    },
    "gitlab": {
        "issue": ["code.issue.v1"],
        "merge_request": ["code.pull_request.v1"],
        "note_commit": ["code.comment.v1"],
        "note_issue": ["code.comment.v1"],
        "note_merge_request": ["code.comment.v1"],
        "push": ["code.commit.v1", "code.commit.v1"],
        "with_headers_issue_hook": ["code.issue.v1"],
        "with_headers_note_hook": ["code.comment.v1"],
    },
    # Shops and payments of the data are all tests: they earn nothing.
    "shopify": {},
    "slack": {
        "member_joined_channel": ["member.joined.v1"],
        "message_deleted": ["activity.retracted.v1"],
        "message_file_share": ["chat.message.v1"],
        "message_file_share_2": ["chat.message.v1"],
        "message_from_user": ["chat.message.v1"],
        "message_with_blocks": ["chat.message.v1"],
    },
    "stripe": {},
    "bluesky": {"note_bsky": ["social.share.v1"], "repost_bsky": ["social.share.v1"]},
    "discord": {
        "doc_webhook_event_lobby_message_delete": ["activity.retracted.v1"],
        "message_create_2020_with_member_old_discriminator": ["chat.message.v1"],
        "message_create_attachment_only_empty_content_2026": ["chat.message.v1"],
        "message_reaction_add_custom_emoji": ["chat.reaction.v1", "activity.restored.v1"],
    },
    "mastodon": {
        "like_as2": ["chat.reaction.v1", "activity.restored.v1"],
        "note_as2": ["social.share.v1"],
        "note_mastodon_with_video_as2": ["social.share.v1"],
        "repost_as2": ["social.share.v1"],
        "undo_object_id_as2": ["activity.retracted.v1"],
    },
    "zendesk": {},
    "freshdesk": {},
    "intercom": {
        "intercom_conversation_admin_closed_2019": ["support.ticket_resolved.v1", "activity.restored.v1"]
    },
}
#: Where the data of a platform lie that has no folder of its name.
FOLDERS = {
    "bluesky": ("fediverse", "*_bsky.json"),
    "mastodon": ("fediverse", "*_as2.json"),
    "freshdesk": ("tickets", "freshdesk_*.json"),
    "intercom": ("tickets", "intercom_*.json"),
    "zendesk": ("tickets", "zendesk_*.json"),
}
#: Files that are headers alone, and shapes without a value.
NO_DELIVERY = {"headers_retry_example.json"}
BLANK = {"shape_MemberJoinedChannel", "shape_ReactionAdded", "shape_AppRateLimited", "shape_MessageChannelJoin"}


@pytest.mark.parametrize("name", NAMES)
def test_its_cases_hold(name):
    found = connector(name)
    assert found.name == name
    assert len(found.document.cases) >= (5 if found.document.signature.scheme == "not_delivered" else 15)
    assert failures(found) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_is_the_same_in_any_order(name):
    found = connector(name)
    for case in found.document.cases:
        if case.delivery is None and case.stands is not None:
            outcomes = [map_delivery(found, one) for one in deliveries_of(found, case)]
            activities = [activity for outcome in outcomes for activity in outcome.activities]
            for turned in range(len(activities)):
                told = activities[turned:] + activities[:turned]
                assert sorted(stands(told)) == sorted(stands(told[::-1])) == sorted(case.stands), case.case


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_the_same_when_it_is_delivered_again(name):
    found = connector(name)
    for case in found.document.cases:
        for said in case.deliveries or [one for one in [case.delivery] if one is not None]:
            first, again = delivery_of(said), delivery_of(said)
            headers = dict(again.headers) | {"x-discourse-event-id": "another", "x-slack-retry-num": "1"}
            [one, two] = [
                map_delivery(found, each) for each in (first, Delivery(headers, again.body, again.received))
            ]
            assert one.activities == two.activities


@pytest.mark.parametrize("name", NAMES)
def test_ids_that_travel_are_no_addresses_which_have_names_in_them(name):
    found = connector(name)
    for case in (one for one in found.document.cases if one.outcome == "mapped"):
        for delivery in deliveries_of(found, case):
            for activity in map_delivery(found, delivery, settings_of(found, case.settings)).activities:
                things = [activity["data"].get(part, {}) for part in ("object", "in_reply_to", "target")]
                for one in (activity["id"], *(thing.get("id", "") for thing in things)):
                    assert not re.search(r"://|did:|[a-z]@[a-z]+\.", one), one


@pytest.mark.parametrize("name", NAMES)
def test_its_types_are_types(name):
    told = {kind for one in becomes(connector(name)) for kind in one.activities}
    assert told <= {*ACTIVITY_TYPES, "retracts", "restores"}


@pytest.mark.parametrize("name", NAMES)
def test_every_case_is_recognised(name):
    known = [connector(each) for each in NAMES]
    for case in connector(name).document.cases:
        if case.files is not None and case.outcome == "mapped":
            found = find(known, [Text(file, text) for file, text in case.files.items()])
            assert [one.connector.name for one in found] == [name], case.case
            continue
        for delivery in deliveries_of(connector(name), case) if case.outcome != "invalid" else ():
            if delivery.headers or case.outcome == "mapped":
                assert [one.name for one in recognise(known, delivery.headers, delivery.body)] == [name], case.case


@pytest.mark.parametrize("name", NAMES)
def test_a_type_is_mapped_or_said_to_be_nothing_or_not_yet_and_only_one_of_them(name):
    listed = becomes(connector(name))
    events = [one.event for one in listed]
    assert len(events) == len(set(events))
    assert all(one.why for one in listed if one.state != "mapped")


@pytest.mark.parametrize("name", NAMES)
def test_every_documented_type_is_said_to_be_something(name):
    listed = {one.event for one in becomes(connector(name))}
    families = {event.partition(".")[0] for event in listed}
    said = [kind for kind in DOCUMENTED[name].split() if kind not in families]
    assert [kind for kind in said if not any(is_of(kind, event) for event in listed)] == []


def test_the_page_lists_each_type():
    page = (ROOT / "docs" / "connectors.md").read_text()
    assert page == with_connectors(page), "docs/connectors.md is not what connectors/ says; run `make schemas`"
    functions = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert {"key", "first_of", "html_text"} <= functions


@needs_platforms
@pytest.mark.parametrize("name", sorted(MAPPED))
def test_the_data_become_what_they_should(name):
    found = connector(name)
    known = [connector(each) for each in NAMES]
    folder, pattern = FOLDERS.get(name, (name, "*.json"))
    files_of = set((PLATFORMS / folder).glob(pattern)) - {PLATFORMS / folder / only for only in NO_DELIVERY}
    assert {file.stem for file in files_of} >= MAPPED[name].keys()
    for file in sorted(files_of):
        if file.stem in BLANK:  # every value is, so that nothing can come of it but where it belongs
            continue
        read = orjson.loads(file.read_bytes())
        has_headers = {"headers", "body"} <= set(read)
        headers = {key.lower(): str(value) for key, value in read["headers"].items()} if has_headers else {}
        body = read["body"] if has_headers else read
        outcome = checked(map_delivery(found, Delivery(headers, body, RECEIVED), settings_of(found)))
        expected = MAPPED[name].get(file.stem)
        if expected is None:
            assert outcome.state == "no_engagement", (file.name, outcome)
        else:
            assert [activity["type"] for activity in outcome.activities] == expected, (file.name, outcome)
        assert recognise(known, headers, body) == [found], file.name


STRANGE = (None, [], {}, "", "x", 0, -1, 1.5, True, [None], {"id": None}, "9" * 400)


def with_each_changed(value):
    """The value with each part of it, at any depth, replaced by something strange, one at a time."""
    yield from STRANGE
    parts = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    for key, part in parts:
        for other in with_each_changed(part):
            changed = dict(value) if isinstance(value, dict) else list(value)
            changed[key] = other
            yield changed


@pytest.mark.parametrize("name", NAMES)
def test_a_strange_value_anywhere_fails_that_delivery_and_nothing_else(name):
    found = connector(name)
    settings = settings_of(found)
    states = set()
    cases = [case for case in found.document.cases if case.outcome != "invalid"][:12]
    for delivery in [one for case in cases for one in deliveries_of(found, case)[:1]]:
        for body in with_each_changed(delivery.body):
            if isinstance(body, dict):
                outcome = map_delivery(found, Delivery(delivery.headers, body, delivery.received), settings)
                assert outcome.reason or outcome.activities
                states.add(str(outcome.state))
    assert states >= {"mapped", "no_engagement", "invalid"}


def test_slack_is_answered_when_it_tries_the_address():
    body = {"token": "t", "challenge": "3eZbrw1a", "type": "url_verification"}
    assert challenge_answer(connector("slack"), Delivery({}, body, RECEIVED)) == {"challenge": "3eZbrw1a"}
    assert challenge_answer(connector("slack"), Delivery({}, {"type": "event_callback"}, RECEIVED)) is None


def test_discord_is_answered_when_it_tries_the_address_of_interactions_alone():
    discord = connector("discord")
    ping = {"application_id": "9", "id": "1", "token": "t", "type": 1, "version": 1}
    assert challenge_answer(discord, Delivery({}, ping, RECEIVED)) == {"type": 1}
    event = {"application_id": "9", "version": 1, "type": 1, "event": {"type": "ENTITLEMENT_CREATE"}}
    for body in (ping | {"type": 2}, event, {"application_id": "9", "version": 1, "type": 0}):
        assert challenge_answer(discord, Delivery({}, body, RECEIVED)) is None


@needs_platforms
@pytest.mark.parametrize(
    ("name", "scheme", "at"),
    [
        ("discourse", "discourse", 0),
        ("github", "github_hmac_sha256", 0),
        ("intercom", "intercom", 0),
        ("slack", "slack_v0", 1531420618),
        ("zendesk", "zendesk", 1718900000),
    ],
)
def test_it_is_signed_as_the_platform_signs(name, scheme, at):
    vectors = orjson.loads((PLATFORMS / "signature_vectors" / "vectors.json").read_bytes())
    [vector] = [one for one in vectors if one["scheme"] == scheme]
    signature, now = connector(name).document.signature, datetime.fromtimestamp(at, UTC)
    headers = tuple(vector["headers"].items())
    verify(signature, Signed(headers, vector["body"].encode()), [vector["secret"]], now)
    with pytest.raises(ForgedError):
        verify(signature, Signed(headers, vector["body"].encode() + b" "), [vector["secret"]], now)


@pytest.mark.parametrize("name", NAMES)
def test_an_editor_takes_it_by_the_published_schema(name):
    schema = orjson.loads((ROOT / "schemas" / "connector.schema.json").read_bytes())
    text = files()[name].read_text()
    assert text.startswith("# yaml-language-server: $schema=../schemas/connector.schema.json\n")
    document = read_yaml(text).value
    check = Draft202012Validator(schema)
    assert [error.message for error in check.iter_errors(document)] == []
    assert list(check.iter_errors(document | {"titel": "x"}))
    assert list(check.iter_errors(document | {"mappings": [{"on": ["x y"], "no_engagement": "why"}]}))


def test_the_pages_example_is_a_connector_whose_case_holds():
    page = (ROOT / "docs" / "connectors.md").read_text()
    example, exports = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    found = read_connector(example)
    assert (len(found.document.cases), failures(found)) == (1, [])
    assert [len(one.files) for one in read_connector(example + exports).exports] == [1]


def test_the_files_that_the_guides_name_are_there():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    named = {
        (page.name, name)
        for page in pages
        for name in re.findall(r"(?<![\w/.-])(?:programmes|connectors)/[\w-]+\.yaml\b", page.read_text())
    }
    assert ("connectors.md", "programmes/starter.yaml") in named
    assert sorted(one for one in named if not (ROOT / one[1]).is_file()) == []
