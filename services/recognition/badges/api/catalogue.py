"""HTTP routes of the badges and levels there are, who holds each, and what they look like."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from services.recognition.badges.api.models import BadgeHolders
from services.recognition.badges.api.of_member import held_by
from services.recognition.badges.api.problems import UNKNOWN_BADGE
from services.recognition.badges.domain.art import drawing
from services.recognition.badges.domain.by_hand import UnknownBadgeError
from services.recognition.badges.store import by_hand as by_hand_store
from services.recognition.badges.store import shown as store
from services.recognition.badges.store.shown import Holder, HolderPlace, Misnumbered
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import RecognitionInForce, ThresholdKey
from shared.contracts.fields import Slug
from shared.contracts.programme import Badge, Recognition
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    Page,
    Principal,
    Public,
    Scope,
    Shown,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import TOO_MANY_READS
from shared.pictures import SVG, Picture
from shared.postgres import Connection

#: A picture that was changed is another for whoever keeps a copy after this.
KEPT_SECONDS = 300
#: Whatever a picture has in it, nothing of it runs, and nothing comes from elsewhere.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

router = APIRouter(tags=["recognition"])
Looker = Annotated[Principal, requires(Scope.RECOGNITION_READ, or_member=True, public=Public.BADGES)]


class LevelHolders(BaseModel):
    """A level of the programme in force, and how many members reached it."""

    name: str
    title: str
    points: int | None = Field(description="Null for one that asks for more than points, or is given by hand")
    holders: int


class Badges(BaseModel):
    """What can be reached in the programme version in force; a programme's limits bound the lists."""

    programme_version: int = Field(description="0 while no programme is in force")
    badges: list[BadgeHolders]
    levels: list[LevelHolders]


class OneBadge(BadgeHolders):
    """A badge of the programme in force, and how rare it is."""

    members: int = Field(description="How many members the community has who can hold it", examples=[1200])


class HolderShown(BaseModel):
    """Who holds a badge, and since when."""

    grant_id: UUID
    member_id: UUID
    member_name: str | None = Field(examples=["Ada"])
    granted_at: datetime
    edition: int | None = Field(description="Which number of a limited badge", examples=[7])
    by_hand: bool = Field(description="Whether somebody gave it")

    @classmethod
    def of(cls, holder: Holder) -> "HolderShown":
        """What is shown of a holder."""
        return cls(
            grant_id=UUID(holder.grant_id),
            member_id=UUID(holder.member_id),
            member_name=holder.member_name,
            granted_at=holder.granted_at,
            edition=holder.edition,
            by_hand=holder.is_by_hand,
        )


class MisnumberedShown(BaseModel):
    """A standing grant of a limited badge with a number that is not its member's."""

    grant_id: UUID
    member_id: UUID = Field(description="To whom it was granted")
    member_name: str | None = Field(examples=["Ada"])
    granted_at: datetime
    edition: int = Field(description="Which number it says", examples=[7])
    owner_id: UUID | None = Field(description="Whose number that is; null: nobody's")
    is_persons: bool = Field(description="Whether both are one person now: then it matters once they part")

    @classmethod
    def of(cls, found: Misnumbered) -> "MisnumberedShown":
        """What is shown of one."""
        return cls(
            grant_id=UUID(found.grant_id),
            member_id=UUID(found.member_id),
            member_name=found.member_name,
            granted_at=found.granted_at,
            edition=found.edition,
            owner_id=None if found.owner_id is None else UUID(found.owner_id),
            is_persons=found.is_persons,
        )


async def find_shown(conn: Connection, principal: Principal) -> RecognitionInForce:
    """The programme's section as the caller may see it: of secret badges those that they hold."""
    community = principal.community
    in_force = await thresholds_store.find_recognition(conn, community=community) or RecognitionInForce()
    recognition = in_force.recognition
    if Scope.RECOGNITION_READ in principal.scopes or not any(badge.secret for badge in recognition.badges):
        return in_force
    held: set[str] = set()
    if principal.member_id is not None:
        held = {key.base_id for key in await held_by(conn, community=community, member_id=principal.member_id)}
    shown = [badge for badge in recognition.badges if not badge.secret or badge.id in held]
    return RecognitionInForce(in_force.version, recognition.model_copy(update={"badges": shown}))


async def _badge(conn: Connection, *, principal: Principal, badge_id: str) -> tuple[Badge, Recognition]:
    recognition = (await find_shown(conn, principal)).recognition
    badges = {badge.id: badge for badge in recognition.badges}
    if badge_id not in badges:
        raise UnknownBadgeError
    return badges[badge_id], recognition


@router.get(
    "/v1/badges",
    summary="Badges and levels, with the number of holders",
    responses=problem_responses(TOO_MANY_READS),
)
async def get_badges(principal: Looker, conn: Conn) -> Badges:
    """A level counts everybody who reached it, also those who went on to a higher one.

    A secret badge is there for whoever holds it, and for whoever may read all of recognition.
    """
    in_force = await find_shown(conn, principal)
    community = principal.community
    holders = await thresholds_store.load_holders(conn, community=community)
    given = await by_hand_store.load_given(conn, community=community)
    pictures = await store.pictured(conn, community=community)
    return Badges(
        programme_version=in_force.version,
        badges=[
            BadgeHolders.of(
                badge,
                recognition=in_force.recognition,
                holders=holders,
                given=given.get(badge.id, 0),
                picture=pictures.get(badge.id),
            )
            for badge in in_force.recognition.badges
        ],
        levels=[
            LevelHolders(
                name=level.id,
                title=level.title,
                points=level.points,
                holders=holders.get(ThresholdKey("level", level.id), 0),
            )
            for level in (*in_force.recognition.points_levels, *in_force.recognition.trust_levels)
        ],
    )


@router.get(
    "/v1/badges/{badge_id}",
    summary="A badge, what it asks for, and how rare it is",
    responses=problem_responses(UNKNOWN_BADGE, TOO_MANY_READS),
)
async def get_badge(principal: Looker, badge_id: Slug, conn: Conn) -> OneBadge:
    """Of the programme in force. A secret one is not there for whoever does not hold it."""
    badge, recognition = await _badge(conn, principal=principal, badge_id=badge_id)
    community = principal.community
    shown = BadgeHolders.of(
        badge,
        recognition=recognition,
        holders=await thresholds_store.load_holders(conn, community=community),
        given=(await by_hand_store.load_given(conn, community=community)).get(badge_id, 0),
        picture=(await store.pictured(conn, community=community)).get(badge_id),
    )
    members = await store.count_members(conn, community=community)
    return OneBadge(**shown.model_dump(), members=max(members, shown.holders))


@router.get(
    "/v1/badges/{badge_id}/holders",
    summary="Who holds a badge",
    responses=problem_responses(UNKNOWN_BADGE),
)
async def get_badge_holders(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, reads=IN_ANSWER)],
    badge_id: Slug,
    shown: Shown,
    conn: Conn,
    place: Annotated[HolderPlace | None, after(HolderPlace)],
    tier: Annotated[Slug | None, Query(description="Of one with tiers; the lowest, where it does not say")] = None,
    limit: Limit = 100,
) -> Page[HolderShown]:
    """The newest first."""
    badge, _ = await _badge(conn, principal=principal, badge_id=badge_id)
    tiers = [one.id for one in badge.tiers or ()]
    if tier is not None and tier not in tiers:
        raise UnknownBadgeError
    name = ThresholdKey.of_badge(badge_id, tier or (tiers[0] if tiers else None)).id
    found = await store.page_of_holders(
        conn, community=principal.community, name=name, after=place, limit_count=limit
    )
    shown.of(*(one.member_id for one in found[:limit]))
    return Page[HolderShown].of(
        found, limit, item=HolderShown.of, place=lambda one: HolderPlace(one.granted_at, one.grant_id)
    )


@router.get(
    "/v1/badges/{badge_id}/misnumbered",
    summary="Which grants of a limited badge have a number that is not their member's",
    responses=problem_responses(UNKNOWN_BADGE),
)
async def get_badge_misnumbered(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, reads=IN_ANSWER)],
    badge_id: Slug,
    shown: Shown,
    conn: Conn,
    place: Annotated[HolderPlace | None, after(HolderPlace)],
    limit: Limit = 100,
) -> Page[MisnumberedShown]:
    """The newest first; none unless old versions made some. Whoever has one has it taken back and given anew."""
    badge, _ = await _badge(conn, principal=principal, badge_id=badge_id)
    found = await store.page_of_misnumbered(
        conn, community=principal.community, badge=badge.id, after=place, limit_count=limit
    )
    shown.of(*(one.member_id for one in found[:limit]))
    return Page[MisnumberedShown].of(
        found, limit, item=MisnumberedShown.of, place=lambda one: HolderPlace(one.granted_at, one.grant_id)
    )


@router.get(
    "/v1/badges/{badge_id}/picture",
    summary="What a badge looks like",
    response_class=Response,
    responses={
        200: {"content": {SVG: {}, "image/png": {}}, "description": "An SVG, or the PNG that was uploaded"},
        304: {"description": "It is the one that the caller has"},
        **problem_responses(UNKNOWN_BADGE, TOO_MANY_READS),
    },
)
async def get_badge_picture(
    principal: Looker,
    request: Request,
    badge_id: Slug,
    conn: Conn,
    tier: Annotated[Slug | None, Query(description="In the colour of this tier")] = None,
) -> Response:
    """The picture that was uploaded, or one that is drawn of what the programme says, for light and dark."""
    badge, _ = await _badge(conn, principal=principal, badge_id=badge_id)
    picture = await store.find_picture(conn, community=principal.community, badge=badge_id)
    if picture is None:
        colours = {one.id: one.colour for one in badge.tiers or ()}
        drawn = drawing(badge.art, badge.title, colour=colours.get(tier or ""))
        picture = Picture(SVG, drawn.encode())
    etag = f'"{picture.etag}"'
    headers = {
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "cache-control": f"private, max-age={KEPT_SECONDS}",
        "etag": etag,
    }
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(picture.content, media_type=picture.media_type, headers=headers)
