"""HTTP routes of the feed of celebrations, for members, for those who run a community, and for everybody."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.recognition.celebrations.domain import FeedPlace, Shown
from services.recognition.celebrations.store import feed
from services.recognition.celebrations.store.feed import Asked
from shared.contracts.facts.celebrations import REACTIONS, CelebrationKind, Reaction
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberNamed,
    Page,
    Principal,
    Public,
    Scope,
    Whose,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import TOO_MANY_READS, UNKNOWN_IDENTITY
from shared.merges import find_head, load_group
from shared.postgres import Connection

FEED_VERSION = "https://jsonfeed.org/version/1.1"
FEED_MEDIA_TYPE = "application/feed+json"
FEED_COUNT = 50

router = APIRouter(tags=["recognition"])
Looker = Annotated[
    Principal, requires(Scope.RECOGNITION_READ, or_member=True, public=Public.CELEBRATIONS, reads=IN_ANSWER)
]


class ReactionsShown(BaseModel):
    """How many members reacted with one thing."""

    reaction: Reaction
    members: int = Field(examples=[3])


class CelebrationShown(BaseModel):
    """Something that a member reached, or the community by an act of a member."""

    celebration_id: UUID
    kind: CelebrationKind
    name: str = Field(description="The id that the programme gives it", examples=["answers"])
    tier: str | None = Field(description="Of a badge in several levels which one", examples=["gold"])
    number: int | None = Field(description="Of a milestone: how many events, points or years", examples=[100])
    title: str = Field(examples=["100 answers"])
    together: bool = Field(description="Whether it is the community's; the member is by whose act it was reached")
    member_id: UUID | None = Field(description="Null for who was forgotten since")
    member_name: str | None = Field(
        description="Null too for a publishable key where names are not public", examples=["Ada"]
    )
    event_time: datetime = Field(description="When it was reached")
    celebrated_at: datetime
    event_uid: UUID | None = Field(description="The event that reached it, for whoever reads all of recognition")
    reactions: list[ReactionsShown]
    own_reactions: list[Reaction] = Field(description="Those of the member who asks")
    seen_count: int = Field(description="How many members saw it", examples=[12])
    is_seen: bool = Field(description="Whether the member who asks saw it")

    @classmethod
    def of(cls, shown: Shown, *, named: bool, whole: bool) -> Self:
        """What is shown of a celebration, with the member's name or without; `whole` says what led to it."""
        one = shown.celebration
        return cls(
            celebration_id=UUID(shown.celebration_id),
            kind=one.kind,
            name=one.name,
            tier=one.tier,
            number=one.number,
            title=one.title,
            together=one.together,
            member_id=None if shown.member_id is None else UUID(shown.member_id),
            member_name=shown.member_name if named else None,
            event_time=one.event_time,
            celebrated_at=shown.celebrated_at,
            event_uid=UUID(one.event_uid) if whole and one.event_uid is not None else None,
            reactions=[
                ReactionsShown(reaction=one, members=shown.reactions[one])
                for one in REACTIONS
                if one in shown.reactions
            ],
            own_reactions=[one for one in REACTIONS if one in shown.own_reactions],
            seen_count=shown.seen_count,
            is_seen=shown.is_seen,
        )


async def _asked(
    conn: Connection,
    principal: Principal,
    *,
    member_id: str | None = None,
    kinds: Sequence[CelebrationKind] | None = None,
) -> Asked:
    """What the caller may see: their own whatever they wish of others, and of others no secret badges."""
    community = principal.community
    own = None
    if principal.member_id is not None:
        own = await find_head(conn, community=community, member_id=principal.member_id)
    is_own = member_id is not None and member_id == own
    whole = Scope.RECOGNITION_READ in principal.scopes
    return Asked(
        community,
        member_ids=None if member_id is None else await load_group(conn, community=community, head_id=member_id),
        kinds=kinds,
        badges=None if whole or is_own else await feed.load_open_badges(conn, community=community),
        by_ids=() if own is None else await load_group(conn, community=community, head_id=own),
        hides_absent=not is_own,
    )


def _is_named(principal: Principal) -> bool:
    return not principal.is_publishable or Public.NAMES in principal.public


@router.get(
    "/v1/celebrations",
    summary="What members and the community reached, newest first",
    responses=problem_responses(TOO_MANY_READS, UNKNOWN_IDENTITY),
)
async def get_celebrations(
    principal: Looker,
    conn: Conn,
    whose: Whose,
    place: Annotated[FeedPlace | None, after(FeedPlace)],
    member: Annotated[MemberNamed | None, Query(description="Of this member: an id or an identity")] = None,
    kind: Annotated[
        list[CelebrationKind] | None, Query(description="Only of these kinds; all, if not given", max_length=4)
    ] = None,
    limit: Limit = 100,
) -> Page[CelebrationShown]:
    """Each once and for ever: milestones, and badges and levels while they are held.

    Whoever wants no part in what others see, is hidden or suspended is left out, but of what they see themselves.
    """
    if member is not None and principal.is_publishable:
        member = None if ":" in member else member
    member_id = await whose.asked(conn, community=principal.community, member=member)
    asked = await _asked(conn, principal, member_id=member_id, kinds=kind)
    found = await feed.page_of_celebrations(conn, asked=asked, after=place, limit_count=limit)
    named, whole = _is_named(principal), Scope.RECOGNITION_READ in principal.scopes
    return Page.of(
        found, limit, item=lambda one: CelebrationShown.of(one, named=named, whole=whole), place=FeedPlace.of
    )


class FeedAuthor(BaseModel):
    """Who it is about."""

    name: str = Field(examples=["Ada"])


class FeedItem(BaseModel):
    """A celebration, as readers of JSON Feed take it."""

    id: str
    title: str = Field(examples=["Ada: 100 answers"])
    content_text: str
    date_published: datetime
    authors: list[FeedAuthor]
    tags: list[str]


class JsonFeed(BaseModel):
    """The newest celebrations as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1)."""

    version: Literal["https://jsonfeed.org/version/1.1"]
    title: str
    items: list[FeedItem]

    @classmethod
    def of(cls, found: Sequence[Shown], *, community: str, named: bool) -> Self:
        """The feed of some celebrations, with members' names or without."""
        return cls(version=FEED_VERSION, title=community, items=[_feed_item(one, named=named) for one in found])


def _feed_item(shown: Shown, *, named: bool) -> FeedItem:
    one, name = shown.celebration, shown.member_name if named else None
    said = one.title if name is None else f"{name}: {one.title}"
    return FeedItem(
        id=f"urn:uuid:{shown.celebration_id}",
        title=said,
        content_text=said,
        date_published=shown.celebrated_at.astimezone(UTC),
        authors=[] if name is None else [FeedAuthor(name=name)],
        tags=[one.kind],
    )


@router.get(
    "/v1/celebrations/feed",
    summary="The newest celebrations as JSON Feed",
    response_model=JsonFeed,
    responses=problem_responses(TOO_MANY_READS),
)
async def get_feed(principal: Looker, conn: Conn) -> Response:
    """For feed readers and other pages, where the community shows `celebrations`."""
    asked = await _asked(conn, principal)
    found = await feed.page_of_celebrations(conn, asked=asked, after=None, limit_count=FEED_COUNT)
    made = JsonFeed.of(found[:FEED_COUNT], community=principal.community, named=_is_named(principal))
    return Response(made.model_dump_json(), media_type=FEED_MEDIA_TYPE)
