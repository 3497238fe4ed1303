"""The route of the catalogue."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.rewards.programmes.handlers import rewards_in_force
from shared.http import (
    PROBLEMS,
    Principal,
    requires,
)

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


@router.get("/v1/catalogue", summary="The rewards on offer", responses=PROBLEMS)
async def get_catalogue(request: Request, principal: Principal = requires("rewards:read")) -> Catalogue:
    """What the community's programme offers for points now."""
    async with request.app.state.begin() as tx:
        in_force = await rewards_in_force(tx, principal.community)
    if in_force is None:
        return Catalogue(items=[])
    items = [CatalogueItem(**reward.model_dump()) for reward in in_force.rewards.catalogue]
    return Catalogue(programme_id=in_force.programme_id, version=in_force.version, items=items)
