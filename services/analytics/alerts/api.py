"""HTTP route of alerts."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.analytics.alerts import store
from services.analytics.alerts.domain import Alert, AlertPlace, AlertState
from services.analytics.periods.api import Reader
from shared.http import Conn, Limit, Page, after, problem_responses
from shared.http.problem_types import INVALID_CURSOR

router = APIRouter(tags=["analytics"])


class AlertShown(BaseModel):
    """Something that somebody should look at, or that is over, as it was told last."""

    name: Literal["goal_off_target", "indicator_red", "lineage_lost"]
    about: str = Field(description="The goal, the indicator, or the table", examples=["mentions"])
    state: Literal["raised", "cleared"]
    since: datetime = Field(description="When it was noticed, also where it is over")
    told_on: date = Field(description="The day, of the community, on which it was told last")
    told_at: datetime
    values: dict[str, str] = Field(examples=[{"title": "Mentions", "actual": "30", "target": "120"}])

    @classmethod
    def of(cls, alert: Alert) -> Self:
        """An alert as the API shows it."""
        return cls(
            name=alert.key.name.value,
            about=alert.key.about,
            state=alert.state.value,
            since=alert.since,
            told_on=alert.told_on,
            told_at=alert.told_at,
            values=dict(alert.values),
        )


@router.get("/v1/alerts", summary="What somebody should look at", responses=problem_responses(INVALID_CURSOR))
async def get_alerts(
    principal: Reader,
    conn: Conn,
    place: Annotated[AlertPlace | None, after(AlertPlace)],
    state: Annotated[AlertState | None, Query(description="Only those that stand, or are over")] = None,
    limit: Limit = 50,
) -> Page[AlertShown]:
    """Goals off their target, red indicators and lost lineage, each as it was told last; the last told first."""
    found = await store.page_of_alerts(
        conn, community=principal.community, state=state, before=place, limit_count=limit
    )
    return Page[AlertShown].of(
        found, limit, item=AlertShown.of, place=lambda alert: AlertPlace(alert.told_at, *alert.key)
    )
