"""HTTP routes of points."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.analytics.periods.api import AskedDays, Reader, storable
from services.analytics.points import store
from shared.http import PROBLEMS, After, Limit, Page, decode_cursor, encode_cursor

router = APIRouter(tags=["analytics"])


class RulePoints(BaseModel):
    """What a rule gave: `points` are net of reversals."""

    rule_id: str = Field(examples=["helpful-answer"])
    title: str | None = Field(description="Of the newest programme version that has the rule")
    points: int
    awards: int
    reversals: int


@router.get("/v1/points-by-rule", summary="Points awarded by each rule", responses=PROBLEMS)
async def get_points_by_rule(
    request: Request, principal: Reader, days: AskedDays, limit: Limit = 100, after: After = None
) -> Page[RulePoints]:
    """For events of those UTC days; a reversal counts on the day of the event it takes back."""
    key = decode_cursor(after, str)
    async with request.app.state.pool.acquire() as conn:
        rows = await store.points_by_rule(
            conn, principal.community, days.first, days.last, storable(key[0]) if key else "", limit
        )
    return Page(
        items=[RulePoints(**dict(row)) for row in rows],
        next=encode_cursor(rows[-1]["rule_id"]) if len(rows) == limit else None,
    )
