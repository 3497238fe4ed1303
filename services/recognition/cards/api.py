"""HTTP route of a member's card."""

from collections.abc import Collection
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.badges.api.of_member import MemberRecognition, recognition_of
from services.recognition.badges.store.shown import load_secret_grants
from services.recognition.cards import store
from shared.http import Conn, MemberId, Principal, Problem, ProblemType, Public, Scope, problem_responses, requires
from shared.http.problem_types import TOO_MANY_READS, UNKNOWN_IDENTITY

NO_CARD = ProblemType("no-card", 404, "There is no card of that member")
BADGES_MAX_COUNT = 12

router = APIRouter(tags=["recognition"])


class NextOnCard(BaseModel):
    """The lowest level that is not reached yet."""

    title: str = Field(examples=["Guide"])
    points: int = Field(description="From which it stands", examples=[500])


class Card(BaseModel):
    """What a member shows of themselves to everybody: no ids but their own, and no identities."""

    member_id: UUID
    name: str | None = Field(examples=["Ada"])
    points: int = Field(examples=[420])
    level: str | None = Field(description="The title of the highest level that stands", examples=["Regular"])
    next_level: NextOnCard | None = Field(description="Null at the highest level")
    badges: list[str] = Field(
        description=f"Titles of badges that stand, the newest {BADGES_MAX_COUNT}; no secret ones, which only who"
        " holds them knows of",
        examples=[["First answer"]],
    )
    badges_count: int = Field(examples=[1])
    is_shown: bool = Field(description="Whether everybody may see it: the member said so and takes it back alone")

    @classmethod
    def of(cls, known: MemberRecognition, *, secret: Collection[str], is_shown: bool) -> Self:
        """The card of what a member has been recognised for, but for badges whose grants are `secret`."""
        following = known.next_level
        badges = [badge for badge in known.badges if str(badge.grant_id) not in secret]
        newest = sorted(badges, key=lambda badge: (badge.event_time, badge.name), reverse=True)
        return cls(
            member_id=known.member_id,
            name=known.name,
            points=known.points,
            level=None if known.level is None else known.level.title,
            next_level=None
            if following is None
            else NextOnCard(title=following.title, points=max(0, known.points) + following.points_missing),
            badges=[badge.title for badge in newest[:BADGES_MAX_COUNT]],
            badges_count=len(badges),
            is_shown=is_shown,
        )


@router.get(
    "/v1/members/{member_id}/card",
    summary="A member's card, for a page or a profile",
    responses=problem_responses(UNKNOWN_IDENTITY, NO_CARD, TOO_MANY_READS),
)
async def get_card(
    principal: Annotated[
        Principal, requires(Scope.RECOGNITION_READ, or_own=True, public=Public.CARDS, reads="member_id")
    ],
    conn: Conn,
    member_id: MemberId,
) -> Card:
    """For everybody where the community shows `cards` and the member consents to `card`; theirs to look at before.

    Whoever does not want one, was erased or is hidden, as any of whom they are one person with, has none, as if
    there were no such member.
    """
    is_shown = await store.has_card(conn, community=principal.community, member_id=str(member_id))
    if principal.is_publishable and not is_shown:
        raise Problem(NO_CARD, "Nobody has that id, or whoever has it shows none")
    known = await recognition_of(conn, community=principal.community, member_id=member_id)
    secret = await load_secret_grants(
        conn, community=principal.community, grant_ids=[str(badge.grant_id) for badge in known.badges]
    )
    return Card.of(known, secret=secret, is_shown=is_shown)
