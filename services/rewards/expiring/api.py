"""The route of points that expire."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.expiring import store
from services.rewards.expiring.domain import Expiring, ExpiringPlace, last_day
from services.rewards.ledger.domain.entries import Owner, UnknownMemberError
from shared.followed_communities import load_calendar
from shared.followed_members import find_name
from shared.http import Conn, Limit, MemberId, Page, Principal, Scope, after, problem_responses, requires
from shared.http.problem_types import UNKNOWN_IDENTITY, UNKNOWN_MEMBER

router = APIRouter(tags=["members"])


class ExpiringPoints(BaseModel):
    """Points that expire together."""

    last_day: date = Field(description="The last day on which they can be used, in the community's zone")
    expires_at: datetime
    points: int = Field(
        description="Pending ones too, set aside ones not; what the member owes is paid by what expires first",
        examples=[120],
    )


@router.get(
    "/v1/members/{member_id}/expiring-points",
    summary="A member's points that expire, soonest first",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER),
)
async def list_expiring_points(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
    place: Annotated[ExpiringPlace | None, after(ExpiringPlace)],
    limit: Limit = 100,
) -> Page[ExpiringPoints]:
    """Day by day; points without an end are not here."""
    owner = Owner(principal.community, str(member_id))
    found = await store.page_of_expiring(conn, owner, now=datetime.now(UTC), after=place, limit=limit)
    if not found and place is None:
        known = await find_name(conn, community=owner.community, member_id=owner.member_id)
        if known is None:
            raise UnknownMemberError(owner.member_id)
    calendar = await load_calendar(conn, community=owner.community)

    def shown(one: Expiring) -> ExpiringPoints:
        return ExpiringPoints(
            last_day=last_day(calendar, one.expires_at), expires_at=one.expires_at, points=one.points
        )

    return Page.of(found, limit, item=shown, place=lambda one: one.place)
