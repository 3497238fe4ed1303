"""HTTP route of the weekly digests."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.analytics.digests import domain, store
from services.analytics.digests.domain import DigestPlace
from services.analytics.periods.api import Reader
from shared.http import Conn, Limit, Page, after, problem_responses
from shared.http.problem_types import INVALID_CURSOR

router = APIRouter(tags=["analytics"])


class DigestGoalShown(BaseModel):
    """A goal as it stood when the digest was made."""

    goal_id: str = Field(examples=["answers"])
    title: str = Field(examples=["Every question has an answer"])
    state: Literal["off_pace", "missed", "behind", "met"]
    actual: int = Field(examples=[30])
    target: int = Field(examples=[120])

    @classmethod
    def of(cls, goal: domain.DigestGoal) -> Self:
        """A goal as the API shows it."""
        return cls(**{**goal._asdict(), "state": goal.state.value})


class WeekDigest(BaseModel):
    """A week in a page, as it was when it was made; what came later does not change it."""

    starts_on: date
    ends_on: date
    made_at: datetime
    active_members: int = Field(examples=[86])
    active_before: int = Field(description="In the week before", examples=[79])
    events: int = Field(examples=[412])
    events_before: int = Field(examples=[388])
    new_members: int = Field(examples=[5])
    questions_waiting: int = Field(description="Without an answer for more than a day, in 90 days", examples=[3])
    reports_waiting: int = Field(description="Reports and appeals that were due", examples=[0])
    goals: list[DigestGoalShown] = Field(description="Those reached, missed, off pace or behind")
    red_practices: list[int] = Field(description="Of the scorecard", examples=[[8]])
    todo: Literal["reports", "answers", "goals", "practice", "nothing"] = Field(
        description="The one thing to do: what keeps somebody waiting comes first"
    )

    @classmethod
    def of(cls, digest: domain.Digest) -> Self:
        """A digest as the API shows it."""
        figures = digest.figures
        return cls(
            starts_on=digest.week.starts_on,
            ends_on=digest.week.ends_on,
            made_at=digest.made_at,
            active_members=figures.active,
            active_before=figures.active_before,
            events=figures.events,
            events_before=figures.events_before,
            new_members=figures.new_members,
            questions_waiting=figures.questions_waiting,
            reports_waiting=figures.reports_waiting,
            goals=[DigestGoalShown.of(goal) for goal in digest.goals],
            red_practices=list(digest.red_practices),
            todo=digest.todo.value,
        )


@router.get("/v1/digests", summary="The weekly digests", responses=problem_responses(INVALID_CURSOR))
async def get_digests(
    principal: Reader,
    conn: Conn,
    place: Annotated[DigestPlace | None, after(DigestPlace)],
    limit: Limit = 10,
) -> Page[WeekDigest]:
    """Newest first, one for each of the community's weeks; the first is there some hours after its first week."""
    found = await store.page_of_digests(
        conn,
        community=principal.community,
        before=None if place is None else date.fromordinal(place.first_day),
        limit_count=limit,
    )
    return Page[WeekDigest].of(
        found,
        limit,
        item=WeekDigest.of,
        place=lambda digest: DigestPlace(digest.week.starts_on.toordinal()),
    )
