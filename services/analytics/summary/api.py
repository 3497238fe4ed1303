"""The HTTP route of what there is in all."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.analytics.periods.api import Reader
from services.analytics.summary import store
from shared.http import PROBLEMS

router = APIRouter(tags=["analytics"])


class StateTotal(BaseModel):
    state: str = Field(examples=["confirmed"])
    number: int
    points: int


class PayoutTotal(StateTotal):
    amount_minor: int = Field(description="In the currency's minor unit")
    currency: str = Field(examples=["EUR"])


class Summary(BaseModel):
    """What there is in all."""

    members: int
    events: int = Field(description="Participation: without retractions and what was retracted")
    rejections: int
    awards: int
    reversals: int
    points: int = Field(description="Net of reversals")
    granted: int = Field(description="Badges and levels granted")
    taken_back: int = Field(description="Badges and levels taken back")
    redemptions: list[StateTotal]
    payouts: list[PayoutTotal]


@router.get("/v1/summary", summary="What there is in all", responses=PROBLEMS)
async def get_summary(request: Request, principal: Reader) -> Summary:
    """Totals of the community, as far as the topics have been read."""
    async with request.app.state.pool.acquire() as conn:
        found = await store.summary(conn, principal.community)
    lists: dict[str, Sequence[StateTotal]] = {
        "redemptions": [StateTotal(**dict(row)) for row in found.pop("redemptions")],
        "payouts": [PayoutTotal(**dict(row)) for row in found.pop("payouts")],
    }
    return Summary(**found, **lists)
