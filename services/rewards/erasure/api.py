"""HTTP route of what is open of a member, for whoever is about to erase them."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.erasure import store
from services.rewards.ledger.domain.entries import Owner, UnknownMemberError
from shared.followed_members import find_name
from shared.http import Conn, MemberId, Principal, Scope, problem_responses, requires
from shared.http.problem_types import UNKNOWN_IDENTITY, UNKNOWN_MEMBER

router = APIRouter(tags=["members"])


class Open(BaseModel):
    """What is not finished of a member: to be decided before they are erased."""

    points: dict[str, int] = Field(
        description="Points that were not used, by what they are; erasing asks whether they are forfeited",
        examples=[{"available": 120, "reserved": 50}],
    )
    payable_minor: dict[str, int] = Field(
        description="Money owed, in minor units by currency; it is paid in any case", examples=[{"EUR": 500}]
    )
    payouts: dict[str, int] = Field(
        description="Payouts that are not over, by state; they are finished in any case",
        examples=[{"eligible": 1}],
    )
    has_bank_details: bool = Field(description="They go once no run asks for them any more")


@router.get(
    "/v1/members/{member_id}/open",
    summary="What is open of a member",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER),
)
async def get_open(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
) -> Open:
    """What `POST /v1/members/{member_id}/erase` at ingest wants decided, and what goes on whatever is decided."""
    owner = Owner(principal.community, str(member_id))
    affairs = await store.load_open(conn, owner)
    known = await find_name(conn, community=owner.community, member_id=owner.member_id)
    if known is None and not affairs.has_points:
        raise UnknownMemberError(owner.member_id)
    return Open(
        points=dict(affairs.points),
        payable_minor=dict(affairs.payable_minor),
        payouts=dict(affairs.payouts),
        has_bank_details=affairs.has_bank_details,
    )
