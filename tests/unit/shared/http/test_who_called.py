"""What a request keeps of who calls, and whose data it is noted to have read."""

from typing import Any

import pytest
from fastapi import Request

from shared.access_keys import BOOTSTRAP, PersonKind, Principal
from shared.audit import Actor, Read
from shared.http.connected import ACTOR
from shared.http.reads import IN_ANSWER, READS, ShownMembers, called_by

ADA = "82b61666-b7e6-5f62-b31f-fa66f08cfb53"
BOB = "4c39c896-6567-5f3d-b613-7279cc0159c6"
GRACE = Principal("acme", "g", "Grace", PersonKind.PERSON, frozenset(), frozenset(), "key1")
MEMBER = Principal("acme", ADA, "Ada", PersonKind.PERSON, frozenset(), frozenset(), "token:1", member_id=ADA)
PATH = "/v1/members/{member_id}/balance"
OPERATION = f"GET {PATH}"


class Route:
    path = PATH


def request(query: str = "", **path_params: str) -> Request:
    scope = {
        "type": "http",
        "method": "GET",
        "route": Route,
        "path_params": path_params,
        "query_string": query.encode(),
    }
    return Request({**scope, "headers": []})


def read_by(principal: Principal, reads: str | None, asked: Request) -> Any:
    called_by(asked, principal, reads=reads)
    return asked.scope.get(READS)


@pytest.mark.parametrize(
    ("reads", "asked", "member_id"),
    [
        ("member_id", request(member_id=ADA), ADA),
        ("member_id", request(member_id=ADA.upper()), ADA),
        ("member", request(f"member={ADA}"), ADA),
        ("member", request(), None),
        ("member", request("member=nobody"), None),
        (IN_ANSWER, request(), None),
    ],
)
def test_the_member_is_whom_the_parameter_names(reads: str, asked: Request, member_id: str | None) -> None:
    assert read_by(GRACE, reads, asked) == [Read("acme", "g", "key1", OPERATION, member_id)]


def test_an_operation_that_reads_nothing_personal_notes_nothing() -> None:
    assert read_by(GRACE, None, request(member_id=ADA)) is None


def test_what_members_read_of_themselves_is_not_noted_and_of_others_it_is() -> None:
    assert read_by(MEMBER, "member_id", request(member_id=ADA)) is None
    assert [one.member_id for one in read_by(MEMBER, "member_id", request(member_id=BOB))] == [BOB]


def test_the_answer_may_say_whose_data_it_shows() -> None:
    asked = request()
    called_by(asked, GRACE, reads=IN_ANSWER)

    ShownMembers(asked).of(ADA, None, BOB, ADA)

    assert [one.member_id for one in asked.scope[READS]] == [ADA, BOB]


def test_who_calls_is_kept_for_the_entry_and_the_bootstrap_key_is_nobodys() -> None:
    for principal, actor in ((GRACE, Actor("acme", "g", "key1")), (BOOTSTRAP, Actor("", None, "bootstrap"))):
        asked = request()
        called_by(asked, principal, reads=None)
        assert asked.scope[ACTOR] == actor
