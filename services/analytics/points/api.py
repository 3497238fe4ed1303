"""HTTP routes of points."""

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.analytics.periods.api import INVALID_DAYS, AskedDays, Reader
from services.analytics.points import store
from services.analytics.points.domain import RulePlace, RuleTotal
from shared.http import Conn, Limit, Page, after, problem_responses
from shared.http.problem_types import INVALID_CURSOR

router = APIRouter(tags=["analytics"])


class RulePoints(BaseModel):
    """What a rule gave."""

    rule_id: str = Field(examples=["helpful-answer"])
    title: str | None = Field(description="Of the newest programme version that has the rule")
    score: str = Field(description="The score that it counts for; `points` can be spent", examples=["points"])
    points: int = Field(description="What its awards amount to now")
    awards: int
    taken_back: int = Field(description="Of the awards, those that amount to nothing now")
    amendments: int = Field(description="How often what an award amounts to has changed")

    @classmethod
    def of(cls, total: RuleTotal) -> Self:
        """A rule's total as the API shows it."""
        return cls(
            rule_id=total.rule_id,
            title=total.title,
            score=total.score,
            points=total.points,
            awards=total.awards,
            taken_back=total.taken_back,
            amendments=total.amendments,
        )


@router.get(
    "/v1/points-by-rule",
    summary="Points awarded by each rule",
    responses=problem_responses(INVALID_DAYS, INVALID_CURSOR),
)
async def get_points_by_rule(
    principal: Reader,
    days: AskedDays,
    place: Annotated[RulePlace | None, after(RulePlace)],
    conn: Conn,
    limit: Limit = 100,
) -> Page[RulePoints]:
    """For events of those days: what amends an award counts on the day of its event."""
    totals = await store.page_of_rule_totals(
        conn, community=principal.community, days=days, after=place, limit=limit
    )
    return Page.of(totals, limit, item=RulePoints.of, place=lambda total: total.place)
