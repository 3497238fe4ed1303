"""What operations ask of their callers: nothing is open by oversight, and a member's own is theirs."""

from shared.access_keys import Role
from shared.services import SERVICES
from tests.contract.test_openapi import OPEN, SIGNING_IN
from tools.authority import BESIDE, Asked, authority_of
from tools.schemas import openapi_document

ASKED = authority_of({service: openapi_document(service) for service in SERVICES})


def of(beside: str) -> set[str]:
    return {one.operation for one in ASKED if BESIDE[beside] in one.beside}


def test_what_needs_nobody_is_what_is_meant_to() -> None:
    assert {one.operation.split(" ")[1] for one in ASKED if one.is_open} == {*OPEN, SIGNING_IN}
    any_credential = [one.operation for one in ASKED if one.scope is None and not one.is_open]
    assert any_credential == ["GET /v1/communities/{community}", "GET /v1/key"]


def test_what_is_about_a_member_that_member_may_read_and_nothing_else() -> None:
    of_members = {one.operation for one in ASKED if one.operation.startswith("GET /v1/members/{member_id}")}

    assert of("MemberToken") == of_members
    assert len(of_members) >= 4


def test_the_bootstrap_key_adds_people_and_issues_keys_and_looks_what_a_restore_left_open() -> None:
    changing = {"POST /v1/communities/{community}/people", "POST /v1/keys"}
    assert of("BootstrapKey") == {*changing, "GET /v1/own-facts"}


def test_every_operation_with_a_scope_is_somebodys() -> None:
    assert [one for one in ASKED if one.scope is not None and not one.roles] == []


def test_who_may_is_said_in_words() -> None:
    asked = Asked("rewards", "GET /x", "payouts:approve", False, (BESIDE["MemberToken"],))
    assert asked.roles == (Role.FINANCE_APPROVER.value,)
    assert asked.who == "finance_approver, the member"
