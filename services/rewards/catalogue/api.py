"""The routes of the catalogue."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.programmes.domain import InForce
from services.rewards.programmes.store import find_in_force
from shared.contracts.programme import CatalogueReward
from shared.followed_audiences import is_in
from shared.followed_levels import has_level
from shared.http import Conn, MemberId, Principal, Scope, problem_responses, requires
from shared.http.problem_types import UNKNOWN_IDENTITY
from shared.postgres import Connection

router = APIRouter(tags=["redemptions"])


class RewardAudience(BaseModel):
    """The audience that may have a reward."""

    id: str = Field(examples=["helpers"])
    title: str = Field(examples=["Helpers"])


class CatalogueItem(BaseModel):
    """A reward that a member can have for points."""

    id: str = Field(examples=["sticker-pack"])
    title: str = Field(examples=["A pack of stickers"])
    description: str
    points: int = Field(examples=[200])
    stock: int | None = Field(None, description="How many there are in all; null: any number", examples=[100])
    audience: RewardAudience | None = Field(None, description="Who alone may have it; null for everybody")

    @classmethod
    def of(cls, reward: CatalogueReward, audiences: Mapping[str, str]) -> Self:
        """A reward as it is offered; `audiences` has the titles of audiences."""
        audience = reward.audience
        named = None if audience is None else RewardAudience(id=audience, title=audiences.get(audience, audience))
        return cls(**reward.model_dump(exclude={"audience"}), audience=named)


class PaidOut(BaseModel):
    """How points become money: so many are worth so much."""

    points: int = Field(examples=[100])
    minor: int = Field(description="Minor units of the currency", examples=[100])
    currency: str = Field(examples=["EUR"])
    minimum_points: int = Field(description="From which a payout run pays", examples=[500])


class Catalogue(BaseModel):
    """The rewards of the programme version that is in force."""

    programme_id: str | None = Field(None, description="Null before the first programme is published")
    version: int | None = None
    items: list[CatalogueItem]
    payout: PaidOut | None = Field(None, description="Null where points are not paid out")

    @classmethod
    def of(cls, in_force: InForce | None) -> Self:
        """What a version offers."""
        if in_force is None:
            return cls(items=[])
        terms = in_force.rewards.payout
        return cls(
            programme_id=in_force.programme_id,
            version=in_force.version,
            items=[CatalogueItem.of(one, in_force.audiences) for one in in_force.rewards.catalogue],
            payout=None if terms is None else PaidOut(**terms.model_dump(exclude={"paying_account"})),
        )


class MembersCatalogue(Catalogue):
    """The rewards on offer, and which of them are not for the member."""

    member_id: UUID
    not_for_them: list[str] = Field(
        description="Ids of rewards for audiences that the member is not in", examples=[["mentors-dinner"]]
    )
    needs_level: list[str] = Field(
        description="Titles of levels of which it takes one to have any reward; none where nothing is lacking",
        examples=[["Regular"]],
    )


@router.get("/v1/catalogue", summary="The rewards on offer", responses=problem_responses())
async def get_catalogue(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_member=True)], conn: Conn
) -> Catalogue:
    """What the community's programme offers for points now; its members may see it."""
    return Catalogue.of(await find_in_force(conn, community=principal.community, now=datetime.now(UTC)))


@router.get(
    "/v1/members/{member_id}/catalogue",
    summary="The rewards on offer for a member",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_members_catalogue(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
) -> MembersCatalogue:
    """The whole catalogue; what is for an audience that the member is not in is named, and would be refused."""
    in_force = await find_in_force(conn, community=principal.community, now=datetime.now(UTC))
    offered = () if in_force is None else in_force.rewards.catalogue
    asked = sorted({one.audience for one in offered if one.audience is not None})
    outside = await _outside(conn, community=principal.community, audiences=asked, member_id=str(member_id))
    return MembersCatalogue(
        **Catalogue.of(in_force).model_dump(),
        member_id=member_id,
        not_for_them=[one.id for one in offered if one.audience in outside],
        needs_level=await _lacking(conn, in_force, community=principal.community, member_id=str(member_id)),
    )


async def _lacking(conn: Connection, in_force: InForce | None, *, community: str, member_id: str) -> list[str]:
    """The titles of levels that open rewards, where the member has none of them."""
    redeeming = {} if in_force is None else in_force.redeeming
    if not redeeming or await has_level(conn, community=community, member_id=member_id, level_ids=redeeming):
        return []
    return list(redeeming.values())


async def _outside(conn: Connection, *, community: str, audiences: list[str], member_id: str) -> set[str]:
    """Those of some audiences that a member is not in."""
    return {
        audience
        for audience in audiences
        if not await is_in(conn, community=community, audience_id=audience, member_id=member_id)
    }
