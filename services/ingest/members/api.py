"""HTTP routes of members and their identities."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, BeforeValidator, Field

from services.ingest.members import domain, handlers, store
from services.ingest.shares.api import QUOTA_EXCEEDED, WithinShare
from shared.contracts.channels import compared_id
from shared.contracts.fields import Channel, Id, Name
from shared.contracts.texts import if_text, label, plain_id
from shared.http import (
    IN_ANSWER,
    Begin,
    Conn,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Shown,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_REQUEST

DIFFERENT_MEMBERS = ProblemType("different-members", 409, "The identities are different members")
IDENTITIES_MAX_COUNT = 20

router = APIRouter()


class IdentityModel(BaseModel):
    """Somebody as one channel knows them."""

    channel: Channel
    id: Id


class IdentityDeclared(RequestBody):
    """Somebody as one channel knows them."""

    channel: Channel
    id: Annotated[Id, BeforeValidator(if_text(plain_id))]


class IdentitiesDeclared(RequestBody):
    """Identities that are one person."""

    identities: list[IdentityDeclared] = Field(
        min_length=1,
        max_length=IDENTITIES_MAX_COUNT,
        examples=[[{"channel": "code", "id": "github:1"}, {"channel": "chat", "id": "U1"}]],
    )
    name: Annotated[Name, BeforeValidator(if_text(label))] | None = None


class Member(BaseModel):
    """A member of the community, on every channel."""

    member_id: str
    name: str | None
    identities: list[IdentityModel]
    first_seen_at: datetime
    bot_by: domain.BotBy | None = Field(description="By whose word this is no person; null for a person")

    @classmethod
    def of(cls, member: domain.Member) -> "Member":
        """What is shown of a member."""
        return cls(
            member_id=member.member_id,
            name=member.name,
            identities=[IdentityModel(channel=channel, id=identity) for channel, identity in member.identities],
            first_seen_at=member.first_seen_at,
            bot_by=member.bot_by,
        )


@router.put(
    "/v1/members/identities",
    summary="Declare identities to be one person",
    responses=problem_responses(DIFFERENT_MEMBERS, QUOTA_EXCEEDED),
)
async def put_identities(
    principal: Annotated[Principal, requires(Scope.MEMBERS_WRITE)],
    _share: WithinShare,
    begin: Begin,
    body: IdentitiesDeclared,
) -> Member:
    """Events of any of these identities then count for one member. Saying it again changes nothing."""

    async def declared() -> Member:
        async with begin() as tx:
            member = await handlers.declare_identities(
                tx,
                community=principal.community,
                identities=[
                    domain.Identity(identity.channel, compared_id(identity.channel, identity.id))
                    for identity in body.identities
                ],
                name=body.name,
            )
        return Member.of(member)

    try:
        return await declared()
    except domain.DifferentMembersError:
        # It may only be an event that came in between, with a member not yet seen.
        return await declared()


async def _asked_identity(
    channel: Annotated[Channel | None, Query(description="With `id`: only who has this identity")] = None,
    id_: Annotated[Id | None, Query(alias="id", description="The identity's id on `channel`")] = None,
) -> domain.Identity | None:
    if channel is not None and id_ is not None:
        return domain.Identity(channel, compared_id(channel, id_))
    if channel is None and id_ is None:
        return None
    detail = "An identity is a channel and an id: give both"
    raise Problem(INVALID_REQUEST, detail, [FieldError(field="id" if id_ is None else "channel", detail=detail)])


@router.get("/v1/members", summary="Members of the community", responses=problem_responses())
async def get_members(
    principal: Annotated[Principal, requires(Scope.MEMBERS_READ, reads=IN_ANSWER)],
    shown: Shown,
    conn: Conn,
    place: Annotated[domain.MemberPlace | None, after(domain.MemberPlace)],
    identity: Annotated[domain.Identity | None, Depends(_asked_identity)],
    limit: Limit = 100,
) -> Page[Member]:
    """Members in the order of their ids, each with the identities on every channel.

    Give `channel` and `id` for the one member, or none, who has that identity.
    """
    if identity is None:
        members = await store.page_of_members(conn, community=principal.community, after=place, limit_count=limit)
        return Page[Member].of(members, limit, item=Member.of, place=domain.MemberPlace.of)
    found = await store.find_member(conn, identity=domain.IdentityKey(principal.community, *identity))
    shown.of(found.member_id if found else None)
    is_before = found is None or (place is not None and domain.MemberPlace.of(found) <= place)
    return Page[Member](items=[] if found is None or is_before else [Member.of(found)])
