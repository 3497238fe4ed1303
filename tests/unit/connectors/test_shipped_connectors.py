"""The connectors that come with Plaudit: their cases, the data, and the page that lists each type."""

import os
import re
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

from connectors.cases import deliveries_of, delivery_of, failures, stands
from connectors.engine import Delivery, challenge_answer, checked, map_delivery, recognise, settings_of
from connectors.exports.contents import Text
from connectors.exports.cutting import find
from connectors.listing import becomes
from connectors.reading import read_connector
from connectors.shipped import connector, files
from shared.contracts.activities import ACTIVITY_TYPES
from shared.located_yaml import read_yaml
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
    "slack": {
        "member_joined_channel": ["member.joined.v1"],
        "message_deleted": ["activity.retracted.v1"],
        "message_file_share": ["chat.message.v1"],
        "message_file_share_2": ["chat.message.v1"],
        "message_from_user": ["chat.message.v1"],
        "message_with_blocks": ["chat.message.v1"],
    },
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


#: What the platforms' documentation names.
DOCUMENTED = {
    # What their exports hold.
    "orbit": "member",
    "stackexchange": "post.question post.answer comments vote.accepted vote.up vote.down users posthistory",
    "zoom": "attended waited absent",
    "slack": """
        app_deleted app_home_opened app_installed app_mention app_rate_limited app_uninstalled
        channel_archive channel_created channel_deleted channel_history_changed channel_id_changed
        channel_left channel_rename channel_shared channel_unarchive channel_unshared dnd_updated
        dnd_updated_user email_domain_changed emoji_changed file_change file_created file_deleted
        file_public file_shared file_unshared group_archive group_close group_deleted
        group_history_changed group_left group_open group_rename group_unarchive im_close im_created
        im_history_changed im_open link_shared member_joined_channel member_left_channel message
        message_metadata_deleted message_metadata_posted message_metadata_updated pin_added
        pin_removed reaction_added reaction_removed resources_added resources_removed scope_denied
        scope_granted star_added star_removed subteam_created subteam_members_changed
        subteam_self_added subteam_self_removed subteam_updated team_access_granted
        team_access_revoked team_domain_change team_join team_rename tokens_revoked url_verification
        user_change user_huddle_changed user_profile_changed user_status_changed
    """,
    "github": """
        branch_protection_configuration branch_protection_rule check_run check_suite
        code_scanning_alert commit_comment create custom_property custom_property_values delete
        dependabot_alert deploy_key deployment deployment_protection_rule deployment_review
        deployment_status discussion discussion_comment fork github_app_authorization gollum
        installation installation_repositories installation_target issue_comment issue_dependencies
        issue_relates_to issues label marketplace_purchase member membership merge_group meta
        milestone org_block organization package page_build personal_access_token_request ping
        project project_card project_column projects_v2 projects_v2_item projects_v2_status_update
        public pull_request pull_request_review pull_request_review_comment
        pull_request_review_thread push registry_package release repository repository_advisory
        repository_dispatch repository_import repository_ruleset repository_vulnerability_alert
        secret_scanning_alert secret_scanning_alert_location secret_scanning_scan security_advisory
        security_and_analysis sponsorship star status sub_issues team team_add watch
        workflow_dispatch workflow_job workflow_run
    """,
    "discourse": """
        topic_created topic_edited topic_destroyed topic_recovered post_created post_edited
        post_destroyed post_recovered user_logged_in user_logged_out user_confirmed_email
        user_created user_approved user_updated user_destroyed user_suspended user_unsuspended
        user_anonymized group_created group_updated group_destroyed category_created
        category_updated category_destroyed tag_created tag_updated tag_destroyed reviewable_created
        reviewable_updated notification_created accepted_solution unaccepted_solution assigned
        unassigned user_badge_granted user_badge_revoked user_added_to_group user_removed_from_group
        post_liked user_promoted topic_upvote topic_unvote chat_message_created chat_message_edited
        chat_message_trashed chat_message_restored
    """,
}


@pytest.mark.parametrize("name", NAMES)
def test_every_documented_type_is_said_to_be_something(name):
    listed = {one.event for one in becomes(connector(name))}
    families = {event.partition(".")[0] for event in listed} | listed
    assert set(DOCUMENTED[name].split()) - families == set()


def test_the_page_lists_each_type():
    page = (ROOT / "docs" / "connectors.md").read_text()
    assert page == with_connectors(page), "docs/connectors.md is not what connectors/ says; run `make schemas`"
    functions = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert {"key", "first_of", "html_text"} <= functions


@needs_platforms
@pytest.mark.parametrize("name", sorted(set(MAPPED) & {path.name for path in PLATFORMS.glob("*")}))
def test_the_data_become_what_they_should(name):
    found = connector(name)
    known = [connector(each) for each in NAMES]
    for file in sorted(set((PLATFORMS / name).glob("*.json")) - {PLATFORMS / name / only for only in NO_DELIVERY}):
        if file.stem in BLANK:  # every value is, so that nothing can come of it but where it belongs
            continue
        read = orjson.loads(file.read_bytes())
        has_headers = set(read) == {"headers", "body"}
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
    [example] = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    found = read_connector(example)
    assert (len(found.document.cases), failures(found)) == (1, [])
