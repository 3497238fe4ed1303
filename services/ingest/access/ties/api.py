"""HTTP routes of saying which member a person is, for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from services.ingest.access.people.api import OWN_ROLES, UNKNOWN_PERSON, PersonShown
from services.ingest.access.ties import handlers
from shared.access_keys import check_reach
from shared.contracts.fields import Slug
from shared.http import (
    MemberNamed,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    Whose,
    problem_responses,
    requires,
)
from shared.http.problem_types import OTHER_COMMUNITY, UNKNOWN_IDENTITY, UNKNOWN_MEMBER

MEMBER_TAKEN = ProblemType("member-taken", 409, "The member is another person")
TOO_MANY_TIES = ProblemType("too-many-ties", 409, "One person cannot be that many members")

Administrator = Annotated[Principal, requires(Scope.PEOPLE_WRITE)]

router = APIRouter(tags=["people"])


class MemberSaid(RequestBody):
    """Which member a person is, or is not."""

    member: MemberNamed = Field(description="An id or an identity, as `forum:grace`", examples=["forum:grace"])


@router.post(
    "/v1/communities/{community}/people/{person_id}/tie",
    summary="Say which member a person is",
    responses=problem_responses(
        OTHER_COMMUNITY,
        OWN_ROLES,
        UNKNOWN_PERSON,
        UNKNOWN_IDENTITY,
        UNKNOWN_MEMBER,
        MEMBER_TAKEN,
        TOO_MANY_TIES,
    ),
)
async def post_tie(
    caller: Administrator, tx: Tx, whose: Whose, community: Slug, person_id: UUID, body: MemberSaid
) -> PersonShown:
    """From then on they decide nothing about that member, nor about who is one with it by a merge, in any service.

    No two people are one member. Nobody does it for themselves: they show a token of that member's, by
    `POST /v1/own-members`, or another administrator does it.
    """
    check_reach(caller, community)
    member_id = await whose.of(tx.conn, community=community, named=body.member, field="/member")
    return PersonShown.of(
        await handlers.tie(tx, caller=caller, community=community, person_id=str(person_id), member_id=member_id)
    )


@router.post(
    "/v1/communities/{community}/people/{person_id}/untie",
    summary="Say which member a person is not",
    responses=problem_responses(OTHER_COMMUNITY, OWN_ROLES, UNKNOWN_PERSON, UNKNOWN_IDENTITY),
)
async def post_untie(
    caller: Administrator, tx: Tx, whose: Whose, community: Slug, person_id: UUID, body: MemberSaid
) -> PersonShown:
    """What was said wrongly. Nobody does it for themselves; saying it again changes nothing."""
    check_reach(caller, community)
    member_id = await whose.of(tx.conn, community=community, named=body.member, field="/member")
    return PersonShown.of(
        await handlers.untie(tx, caller=caller, community=community, person_id=str(person_id), member_id=member_id)
    )
