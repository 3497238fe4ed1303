"""HTTP routes of the wall: for members, for whoever runs the community, and for everybody where it is public."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.ingest.settings import Settings
from services.ingest.walls import handlers
from services.ingest.walls.domain import KudosState, OnWall, WallAsked, WallPlace
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
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import TOO_MANY_READS, UNKNOWN_IDENTITY
from shared.merges import find_head, load_group
from shared.postgres import Connection

FEED_VERSION = "https://jsonfeed.org/version/1.1"
FEED_MEDIA_TYPE = "application/feed+json"
FEED_COUNT = 50

router = APIRouter(tags=["kudos"])
Looker = Annotated[
    Principal, requires(Scope.RECOGNITION_READ, or_member=True, public=Public.KUDOS, reads=IN_ANSWER)
]
OwnSettings = Annotated[Settings, configured(Settings)]


class WallMember(BaseModel):
    """Somebody who thanked, or was thanked."""

    member_id: UUID
    name: str | None = Field(
        description="Null too for a publishable key where names are not public", examples=["Ada"]
    )


class KudosShown(BaseModel):
    """Thanks of one member to another."""

    event_uid: UUID
    giver: WallMember
    receiver: WallMember
    value: str | None = Field(description="Which value of the community it is for", examples=["patience"])
    value_title: str | None = Field(description="What the programme in force calls that", examples=["Patience"])
    message: str | None = Field(
        description="Null where nothing was written, or what was is not kept any more, or is on its way",
        examples=["Thank you for staying with it until it was solved."],
    )
    given_at: datetime
    state: KudosState = Field(description="Others see what is shown; whoever gave it sees why it is not")
    is_own: bool = Field(description="Whether the member who asks gave it")
    can_take_back: bool = Field(description="Whether it was given here, by the member who asks, and stands")

    @classmethod
    def of(cls, one: OnWall, *, named: bool, own: Sequence[str], titles: Mapping[str, str]) -> Self:
        """One of the wall, with names or without, for whoever has these ids."""
        kudos = one.kudos
        is_own = kudos.giver_id in own
        return cls(
            event_uid=UUID(kudos.event_uid),
            giver=WallMember(member_id=UUID(one.giver_id), name=one.giver_name if named else None),
            receiver=WallMember(member_id=UUID(one.receiver_id), name=one.receiver_name if named else None),
            value=kudos.value,
            value_title=titles.get(kudos.value or "", kudos.value),
            message=one.message,
            given_at=kudos.given_at,
            state=kudos.state,
            is_own=is_own,
            can_take_back=is_own and kudos.is_given_here and not kudos.is_taken_back,
        )


async def _own(conn: Connection, principal: Principal) -> list[str]:
    if principal.member_id is None:
        return []
    head_id = await find_head(conn, community=principal.community, member_id=principal.member_id)
    return await load_group(conn, community=principal.community, head_id=head_id)


def _is_named(principal: Principal) -> bool:
    return not principal.is_publishable or Public.NAMES in principal.public


async def _titles(conn: Connection, principal: Principal) -> dict[str, str]:
    declared = await handlers.find_declared(conn, community=principal.community, now=datetime.now(UTC))
    return {one.id: one.title for one in declared.terms.values} if declared.terms else {}


@router.get(
    "/v1/kudos",
    summary="The wall: who thanked whom, newest first",
    responses=problem_responses(TOO_MANY_READS, UNKNOWN_IDENTITY),
)
async def get_kudos(
    principal: Looker,
    conn: Conn,
    settings: OwnSettings,
    whose: Whose,
    place: Annotated[WallPlace | None, after(WallPlace)],
    member: Annotated[
        MemberNamed | None, Query(description="What this member gave or got: an id, or for a key an identity")
    ] = None,
    limit: Limit = 100,
) -> Page[KudosShown]:
    """Without those of members who are hidden or want no part in what others see.

    What waits for a decision, or was hidden or taken back by one, only its giver and whoever reads all of
    recognition see.
    """
    community = principal.community
    if member is not None and ":" in member and (principal.is_publishable or principal.member_id is not None):
        member = None
    of_id = await whose.asked(conn, community=community, member=member)
    own = await _own(conn, principal)
    asked = WallAsked(
        community,
        of_ids=None if of_id is None else await load_group(conn, community=community, head_id=of_id),
        own_ids=own,
        is_whole=Scope.RECOGNITION_READ in principal.scopes,
    )
    found = await handlers.page_of_wall(conn, settings, asked=asked, after=place, limit_count=limit)
    named, titles = _is_named(principal), await _titles(conn, principal)
    return Page.of(
        found,
        limit,
        item=lambda one: KudosShown.of(one, named=named, own=own, titles=titles),
        place=WallPlace.of,
    )


class WallFeedAuthor(BaseModel):
    """Who thanked."""

    name: str = Field(examples=["Ada"])


class WallFeedItem(BaseModel):
    """Thanks, as readers of JSON Feed take it."""

    id: str
    title: str = Field(examples=["Ada → Grace"])
    content_text: str
    date_published: datetime
    authors: list[WallFeedAuthor]
    tags: list[str]


class WallFeed(BaseModel):
    """The newest of the wall as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1)."""

    version: Literal["https://jsonfeed.org/version/1.1"]
    title: str
    items: list[WallFeedItem]


def _feed_item(one: OnWall, *, named: bool, titles: Mapping[str, str]) -> WallFeedItem:
    giver, receiver = (one.giver_name, one.receiver_name) if named else (None, None)
    title = " → ".join(filter(None, (giver, receiver))) or "Kudos"
    value = one.kudos.value
    return WallFeedItem(
        id=f"urn:uuid:{one.kudos.event_uid}",
        title=title,
        content_text=one.message or title,
        date_published=one.kudos.given_at.astimezone(UTC),
        authors=[] if giver is None else [WallFeedAuthor(name=giver)],
        tags=[] if value is None else [titles.get(value, value)],
    )


@router.get(
    "/v1/kudos/feed",
    summary="The newest kudos as JSON Feed",
    response_model=WallFeed,
    responses=problem_responses(TOO_MANY_READS),
)
async def get_kudos_feed(principal: Looker, conn: Conn, settings: OwnSettings) -> Response:
    """For feed readers and other pages, where the community shows `kudos`."""
    asked = WallAsked(principal.community)
    found = await handlers.page_of_wall(conn, settings, asked=asked, after=None, limit_count=FEED_COUNT)
    named, titles = _is_named(principal), await _titles(conn, principal)
    made = WallFeed(
        version=FEED_VERSION,
        title=principal.community,
        items=[_feed_item(one, named=named, titles=titles) for one in found[:FEED_COUNT]],
    )
    return Response(made.model_dump_json(), media_type=FEED_MEDIA_TYPE)
