"""HTTP route of what nudges do."""

from datetime import timedelta
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.analytics.lift import domain, store
from services.analytics.lift.domain import NudgePlace, Verdict, compared, rounded
from services.analytics.periods.api import INVALID_DAYS, AskedCalendar, AskedDays, Reader
from shared.contracts.programme import NudgeKind
from shared.http import Conn, Limit, Page, after, problem_responses
from shared.http.problem_types import INVALID_CURSOR

router = APIRouter(tags=["analytics"])


class NudgeArm(BaseModel):
    """Members who got a nudge, or who were held out."""

    members: int = Field(description="Each once, by their first occasion in these days", examples=[540])
    settled: int = Field(description="Those of them whose days are over", examples=[500])
    did: int = Field(description="Those of these who did what was wished", examples=[60])
    share_percent: float | None = Field(description="Null while nobody's days are over", examples=[12.0])

    @classmethod
    def of(cls, arm: domain.Arm) -> Self:
        """An arm as it is shown."""
        (share,) = rounded([arm.share])
        return cls(members=arm.members, settled=arm.settled, did=arm.did, share_percent=share)


class NudgeLift(BaseModel):
    """What a nudge does: those who got it beside those who were held out, as they were drawn.

    Differences are in percentage points.
    """

    nudge: str = Field(examples=["your-question"])
    kind: NudgeKind
    title: str = Field(examples=["Your question was answered"])
    sent: int = Field(description="How often a message was asked for", examples=[712])
    treated: NudgeArm
    held_out: NudgeArm
    left_out_members: int = Field(
        description="Who are one person with somebody of the other arm, and count in neither", examples=[0]
    )
    verdict: Verdict = Field(
        description="`too_small_to_tell`: the interval has zero in it; `nothing_yet`: nobody to compare"
    )
    difference_points: float | None = Field(examples=[3.0])
    low_points: float | None = Field(description="Newcombe's interval at 95 %", examples=[0.02])
    high_points: float | None = Field(examples=[5.41])
    detectable_points: float | None = Field(
        description="The smallest difference that so many members show in four of five cases", examples=[3.78]
    )

    @classmethod
    def of(cls, counts: domain.NudgeCounts) -> Self:
        """What a nudge does, as it is shown."""
        found = compared(counts.treated, counts.held_out)
        difference, low, high, least = rounded([found.difference, found.low, found.high, found.detectable])
        return cls(
            nudge=counts.nudge,
            kind=counts.kind,
            title=counts.title,
            sent=counts.sent,
            treated=NudgeArm.of(counts.treated),
            held_out=NudgeArm.of(counts.held_out),
            left_out_members=counts.left_out,
            verdict=found.verdict,
            difference_points=difference,
            low_points=low,
            high_points=high,
            detectable_points=least,
        )


@router.get(
    "/v1/lift/nudges",
    summary="What each nudge does",
    responses=problem_responses(INVALID_DAYS, INVALID_CURSOR),
)
async def get_lift_of_nudges(
    principal: Reader,
    days: AskedDays,
    calendar: AskedCalendar,
    conn: Conn,
    place: Annotated[NudgePlace | None, after(NudgePlace)],
    limit: Limit = 100,
) -> Page[NudgeLift]:
    """Of those that were decided in these days, by their ids; whose own days are not over is waited for."""
    found = await store.page_of_counts(
        conn,
        community=principal.community,
        since=calendar.start_of(days.starts_on),
        until=calendar.start_of(days.ends_on + timedelta(days=1)),
        after=None if place is None else place.nudge,
        limit_count=limit,
    )
    return Page[NudgeLift].of(found, limit, item=NudgeLift.of, place=lambda counts: NudgePlace(counts.nudge))
