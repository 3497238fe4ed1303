"""The route of the catalogue."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.programmes.store import find_in_force
from shared.http import Conn, Principal, Scope, problem_responses, requires

router = APIRouter(tags=["redemptions"])


class CatalogueItem(BaseModel):
    """A reward that a member can have for points."""

    id: str = Field(examples=["sticker-pack"])
    title: str = Field(examples=["A pack of stickers"])
    description: str
    points: int = Field(examples=[200])


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


@router.get("/v1/catalogue", summary="The rewards on offer", responses=problem_responses())
async def get_catalogue(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_member=True)], conn: Conn
) -> Catalogue:
    """What the community's programme offers for points now; its members may see it."""
    in_force = await find_in_force(conn, community=principal.community, now=datetime.now(UTC))
    if in_force is None:
        return Catalogue(items=[])
    items = [CatalogueItem(**reward.model_dump()) for reward in in_force.rewards.catalogue]
    terms = in_force.rewards.payout
    return Catalogue(
        programme_id=in_force.programme_id,
        version=in_force.version,
        items=items,
        payout=None if terms is None else PaidOut(**terms.model_dump(exclude={"paying_account"})),
    )
