"""HTTP routes of merging members, and of undoing it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.members.api.identities import Member
from services.ingest.members.domain import MemberKey
from services.ingest.members.store import members as members_store
from services.ingest.merges import domain, handlers
from shared.access_keys import check_not_about_oneself
from shared.contracts.fields import AttributeValue
from shared.contracts.story import ADA
from shared.http import (
    Conn,
    MemberId,
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
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY, UNKNOWN_MEMBER
from shared.merges import load_merges

SAME_MEMBER = ProblemType("same-member", 409, "They are one member already")
NOT_MERGED = ProblemType("not-merged", 409, "The member is not merged into that one")
TOO_MANY_MERGES = ProblemType("too-many-merges", 409, "Too many members would be one, or one was merged too often")

router = APIRouter()


class MergeWanted(RequestBody):
    """Who is the same person as the member of the path."""

    member_id: MemberNamed = Field(
        description="Who is merged, or leaves, by an id or an identity such as `chat:U1`", examples=[ADA]
    )
    dry_run: bool = Field(False, description="Say what it would be, and do nothing", examples=[True])


class DifferenceShown(BaseModel):
    """What is said differently of the two; null where nothing is said."""

    what: str = Field(examples=["attribute tier"])
    stays: AttributeValue | None
    merged: AttributeValue | None


class MergingShown(BaseModel):
    """Both members after it, and in what they differ."""

    dry_run: bool = Field(description="Whether nothing was done")
    stays: Member
    merged: Member = Field(description="Who was merged, or left; its `merged_ids` came or went with it")
    differences: list[DifferenceShown] = Field(
        description="Name, standings and what is known; each stays said of whom it was said"
    )

    @classmethod
    def of(cls, merging: domain.Merging, *, is_trial: bool) -> "MergingShown":
        """What is shown of it."""
        return cls(
            dry_run=is_trial,
            stays=Member.of(merging.stays),
            merged=Member.of(merging.merged),
            differences=[DifferenceShown(**one._asdict()) for one in merging.differences],
        )


class MergedMember(BaseModel):
    """A member that is merged into another."""

    member: Member
    into_id: str = Field(description="Into whom: the member asked for, or another that is merged into it")
    merged_at: datetime


class MergedMembers(BaseModel):
    """All who belong to a member by merges, in the order of their ids."""

    items: list[MergedMember]


@router.post(
    "/v1/members/{member_id}/merge",
    summary="Merge another member into this one",
    responses=problem_responses(UNKNOWN_MEMBER, UNKNOWN_IDENTITY, ABOUT_YOURSELF, SAME_MEMBER, TOO_MANY_MERGES),
)
async def post_merge(
    principal: Annotated[Principal, requires(Scope.MEMBERS_WRITE)],
    tx: Tx,
    whose: Whose,
    member_id: MemberId,
    body: MergeWanted,
) -> MergingShown:
    """The two are one person from now on, whom this member's id and the identities of both name.

    Points and money of both are theirs. Nothing that either did is rewritten, and
    `POST /v1/members/{member_id}/unmerge` undoes it at any later time.
    """
    merged_id = await whose.of(tx.conn, community=principal.community, named=body.member_id, field="/member_id")
    await check_not_about_oneself(
        tx.conn,
        community=principal.community,
        person_id=principal.person_id,
        members=[str(member_id), merged_id],
    )
    done = await handlers.merge(
        tx,
        community=principal.community,
        stays_id=str(member_id),
        merged_id=merged_id,
        is_trial=body.dry_run,
    )
    return MergingShown.of(done, is_trial=body.dry_run)


@router.post(
    "/v1/members/{member_id}/unmerge",
    summary="Have a member that was merged be by itself again",
    responses=problem_responses(UNKNOWN_MEMBER, UNKNOWN_IDENTITY, ABOUT_YOURSELF, NOT_MERGED),
)
async def post_unmerge(
    principal: Annotated[Principal, requires(Scope.MEMBERS_WRITE)],
    tx: Tx,
    member_id: MemberId,
    body: MergeWanted,
) -> MergingShown:
    """It has again what it did before the merge and since, and who was merged into it goes with it."""
    await check_not_about_oneself(
        tx.conn, community=principal.community, person_id=principal.person_id, members=[str(member_id)]
    )
    done = await handlers.unmerge(
        tx,
        community=principal.community,
        stays_id=str(member_id),
        named=body.member_id,
        is_trial=body.dry_run,
    )
    return MergingShown.of(done, is_trial=body.dry_run)


@router.get(
    "/v1/members/{member_id}/merged",
    summary="Who is merged into a member",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_merged(
    principal: Annotated[Principal, requires(Scope.MEMBERS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
) -> MergedMembers:
    """Each as it is by itself, with its own identities, and since when it is merged."""
    key = MemberKey(principal.community, str(member_id))
    head = await members_store.find_member(conn, key=key)
    keys = [MemberKey(key.community, one) for one in (head.merged_ids if head else ())]
    members, merges = await members_store.load_members(conn, keys=keys), await load_merges(conn, keys=keys)
    return MergedMembers(
        items=[
            MergedMember(member=Member.of(member), into_id=merges[one].into_id, merged_at=merges[one].merged_at)
            for one, member in members.items()
        ]
    )
