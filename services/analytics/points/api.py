"""HTTP routes of points."""

from typing import Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.analytics.periods.api import AskedDays, Reader, storable
from services.analytics.points import store
from services.analytics.points.domain import RuleTotal
from shared.http import PROBLEMS, After, Limit, Page, decode_cursor, encode_cursor

router = APIRouter(tags=["analytics"])


class RulePoints(BaseModel):
    """What a rule gave: `points` are net of reversals."""

    rule_id: str = Field(examples=["helpful-answer"])
    title: str | None = Field(description="Of the newest programme version that has the rule")
    points: int
    awards: int
    reversals: int

    @classmethod
    def of(cls, total: RuleTotal) -> Self:
        """A rule's total as the API shows it."""
        return cls(
            rule_id=total.rule_id,
            title=total.title,
            points=total.points,
            awards=total.awards,
            reversals=total.reversals,
        )


@router.get("/v1/points-by-rule", summary="Points awarded by each rule", responses=PROBLEMS)
async def get_points_by_rule(
    request: Request, principal: Reader, days: AskedDays, limit: Limit = 100, after: After = None
) -> Page[RulePoints]:
    """For events of those UTC days; a reversal counts on the day of the event it takes back."""
    key = decode_cursor(after, str)
    async with request.app.state.pool.acquire() as conn:
        totals = await store.page_of_rule_totals(
            conn,
            community=principal.community,
            days=days,
            after=storable(key[0]) if key else "",
            limit=limit,
        )
    return Page(
        items=[RulePoints.of(total) for total in totals],
        next=encode_cursor(totals[-1].rule_id) if len(totals) == limit else None,
    )
