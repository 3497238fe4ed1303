"""What operations ask of their callers: nothing is open by oversight, and a member's own is theirs."""

from shared.access_keys import Role
from shared.services import SERVICES
from tests.contract.test_openapi import DELIVERED, HOOKED, LINKED, OPEN, SIGNING_IN, VERIFIED, VISITED
from tools.authority import BESIDE, Asked, authority_of
from tools.schemas import openapi_document

ASKED = authority_of({service: openapi_document(service) for service in SERVICES})


def of(beside: str) -> set[str]:
    return {one.operation for one in ASKED if BESIDE[beside] in one.beside}


def test_what_needs_nobody_is_what_is_meant_to() -> None:
    assert {one.operation.split(" ")[1] for one in ASKED if one.is_open} == {
        *OPEN,
        *LINKED,
        SIGNING_IN,
        *VISITED,
        DELIVERED,
        HOOKED,
        *VERIFIED,
    }
    any_credential = [one.operation for one in ASKED if one.scope is None and not one.is_open]
    assert any_credential == ["GET /v1/communities/{community}", "GET /v1/key"]


#: What members do for themselves alone.
THEIR_OWN = {
    "PUT /v1/members/{member_id}/preferences",
    "PUT /v1/members/{member_id}/messaging/address",
    "DELETE /v1/members/{member_id}/messaging/address",
    "PUT /v1/members/{member_id}/messaging/wishes",
    "POST /v1/members/{member_id}/erase",
    "POST /v1/members/{member_id}/guideline-cases/{case_id}/appeal",
    "POST /v1/members/{member_id}/guideline-reports",
    "POST /v1/members/{member_id}/guidelines/accept",
    "POST /v1/members/{member_id}/badges/{badge_id}/credential",
    "POST /v1/members/{member_id}/quests/{quest_id}/join",
    "POST /v1/members/{member_id}/quests/{quest_id}/leave",
    "POST /v1/members/{member_id}/reward-claims",
    "POST /v1/members/{member_id}/sent-claims",
    "POST /v1/members/{member_id}/offers",
    "POST /v1/members/{member_id}/redemptions",
    "POST /v1/members/{member_id}/orders",
    "POST /v1/members/{member_id}/redemptions/{redemption_id}/cancel",
    "PUT /v1/members/{member_id}/redemptions/{redemption_id}/address",
    "GET /v1/payees/{member_id}",
    "PUT /v1/payees/{member_id}",
    "PUT /v1/payees/{member_id}/receiver",
    "GET /v1/payees/{member_id}/receiver",
    "DELETE /v1/payees/{member_id}/receiver",
}
#: What any member of the community reads: of nobody, of what they wrote themselves, or what all celebrate; and
#: does where they are.
OF_ANY_MEMBER = {
    "POST /v1/check-ins",
    "GET /v1/badges",
    "GET /v1/badges/{badge_id}",
    "GET /v1/badges/{badge_id}/picture",
    "GET /v1/boards",
    "GET /v1/boards/{board_id}",
    "GET /v1/boards/{board_id}/results",
    "GET /v1/boards/{board_id}/results/{starts_on}",
    "GET /v1/catalogue",
    "GET /v1/payout-providers",
    "GET /v1/catalogue/choices",
    "GET /v1/catalogue/quotes",
    "GET /v1/catalogue/rewards/{reward_id}/picture",
    "POST /v1/reward-links/open",
    "GET /v1/draws",
    "GET /v1/draws/{draw_id}",
    "GET /v1/draws/{draw_id}/record",
    "GET /v1/guidelines",
    "GET /v1/quests",
    "GET /v1/rules",
    "GET /v1/running-campaigns",
    "GET /v1/celebrations",
    "GET /v1/celebrations/feed",
    "GET /v1/kudos",
    "GET /v1/kudos/allowance",
    "GET /v1/kudos/feed",
    "GET /v1/ideas",
    "GET /v1/ideas/{idea_id}",
    "POST /v1/ideas",
    "POST /v1/ideas/{idea_id}/vote",
    "POST /v1/ideas/{idea_id}/withdraw",
    "GET /v1/nomination-rounds",
    "GET /v1/nomination-rounds/feed",
    "GET /v1/nomination-rounds/{round_id}",
    "GET /v1/nomination-rounds/{round_id}/public",
    "POST /v1/nomination-rounds/{round_id}/nominations",
    "POST /v1/nominations/{nomination_id}/accept",
    "POST /v1/nominations/{nomination_id}/decline",
    "POST /v1/nominations/{nomination_id}/vote",
    "GET /v1/milestones",
    "GET /v1/nudges",
    "POST /v1/kudos",
    "POST /v1/kudos/receivers",
    "POST /v1/kudos/{event_uid}/take-back",
    "POST /v1/celebration-reactions",
    "POST /v1/celebrations-seen",
    "GET /v1/texts/{event_uid}",
}


def test_what_is_about_a_member_that_member_may_read_and_a_few_things_do() -> None:
    of_members = {one.operation for one in ASKED if one.operation.startswith("GET /v1/members/{member_id}")}

    assert of("MemberToken") == of_members | THEIR_OWN
    assert of("AnyMemberToken") == OF_ANY_MEMBER
    assert len(of_members) >= 4


def test_a_visitor_reads_what_a_publishable_key_does() -> None:
    assert of("Visitor") == of("PublishableKey")
    assert {one.split(" ")[0] for one in of("Visitor")} == {"GET"}


def test_the_bootstrap_key_adds_people_and_issues_keys_and_looks_what_a_restore_left_open() -> None:
    changing = {"POST /v1/communities/{community}/people", "POST /v1/keys"}
    assert of("BootstrapKey") == {*changing, "GET /v1/own-facts"}


def test_every_operation_with_a_scope_is_somebodys() -> None:
    assert [one for one in ASKED if one.scope is not None and not one.roles] == []


def test_who_may_is_said_in_words() -> None:
    asked = Asked("rewards", "GET /x", "payouts:approve", False, (BESIDE["MemberToken"],))
    assert asked.roles == (Role.FINANCE_APPROVER.value,)
    assert asked.who == "finance_approver, the member"
