"""HTTP routes of members and their identities."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.ingest.members import domain, handlers, store
from shared.contracts.fields import Channel, Id, Name
from shared.http import (
    PROBLEMS,
    After,
    Limit,
    Page,
    Principal,
    Problem,
    decode_cursor,
    encode_cursor,
    requires,
)

IDENTITIES_MAX_COUNT = 20

router = APIRouter()


class IdentityModel(BaseModel):
    """Somebody as one channel knows them."""

    channel: Channel
    id: Id


class IdentitiesDeclared(BaseModel):
    """Identities that are one person."""

    identities: list[IdentityModel] = Field(
        min_length=1,
        max_length=IDENTITIES_MAX_COUNT,
        examples=[[{"channel": "code", "id": "github:1"}, {"channel": "chat", "id": "U1"}]],
    )
    name: Name | None = None


class Member(BaseModel):
    """A member of the community, on every channel."""

    member_id: str
    name: str | None
    identities: list[IdentityModel]
    first_seen_at: datetime

    @classmethod
    def of(cls, member: domain.Member) -> "Member":
        """What is shown of a member."""
        return cls(
            member_id=member.member_id,
            name=member.name,
            identities=[IdentityModel(channel=channel, id=identity) for channel, identity in member.identities],
            first_seen_at=member.first_seen_at,
        )


@router.put("/v1/members/identities", summary="Declare identities to be one person", responses=PROBLEMS)
async def put_identities(
    request: Request, body: IdentitiesDeclared, principal: Principal = requires("members:write")
) -> Member:
    """Events of any of these identities then count for one member. Saying it again changes nothing."""
    community = principal.community
    identities = [domain.Identity(identity.channel, identity.id) for identity in body.identities]
    for attempt in (1, 2):
        try:
            async with request.app.state.begin() as tx:
                member_id = await handlers.declare_identities(
                    tx, community=community, identities=identities, name=body.name
                )
                (member,) = await store.load_members(tx.conn, keys=[domain.MemberKey(community, member_id)])
            break
        except domain.DifferentMembersError as error:
            # The first time it may only be an event that came in between, with a member not yet seen.
            if attempt == 2:
                detail = f"They belong to {error}. Members that both have a history cannot be made one"
                raise Problem(409, "The identities are different members", detail) from error
    return Member.of(member)


@router.get("/v1/members", summary="Members of the community", responses=PROBLEMS)
async def get_members(
    request: Request, limit: Limit = 100, after: After = None, principal: Principal = requires("members:read")
) -> Page[Member]:
    """Members in the order of their ids, each with the identities on every channel."""
    position = decode_cursor(after, str)
    async with request.app.state.pool.acquire() as conn:
        members = await store.page_of_members(
            conn, community=principal.community, after=position[0] if position else None, limit_count=limit
        )
    return Page(
        items=[Member.of(member) for member in members],
        next=encode_cursor(members[-1].member_id) if len(members) == limit else None,
    )
