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


class Catalogue(BaseModel):
    """The rewards of the programme version that is in force."""

    programme_id: str | None = Field(None, description="Null before the first programme is published")
    version: int | None = None
    items: list[CatalogueItem]


@router.get("/v1/catalogue", summary="The rewards on offer", responses=problem_responses())
async def get_catalogue(principal: Annotated[Principal, requires(Scope.REWARDS_READ)], conn: Conn) -> Catalogue:
    """What the community's programme offers for points now."""
    in_force = await find_in_force(conn, community=principal.community, now=datetime.now(UTC))
    if in_force is None:
        return Catalogue(items=[])
    items = [CatalogueItem(**reward.model_dump()) for reward in in_force.rewards.catalogue]
    return Catalogue(programme_id=in_force.programme_id, version=in_force.version, items=items)
