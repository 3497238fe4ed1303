"""HTTP route of the leaderboard."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.recognition.leaderboards import domain, store
from shared.followed_communities import load_calendar
from shared.http import (
    IN_ANSWER,
    Conn,
    FieldError,
    Limit,
    Moment,
    Page,
    Principal,
    Problem,
    ProblemType,
    Public,
    Scope,
    after,
    next_cursor,
    problem_responses,
    requires,
)
from shared.http.problem_types import TOO_MANY_READS

INVALID_TIME = ProblemType("invalid-time", 422, "The time is not valid")
FIRST_YEAR = 1970
LAST_YEAR = 9000

router = APIRouter(tags=["recognition"])


class Standing(BaseModel):
    """A member's place on the leaderboard."""

    rank: int = Field(description="Members with the same points share a rank (1, 2, 2, 4)", examples=[1])
    member_id: UUID
    name: str | None = Field(
        description="Null too for a publishable key where names are not public", examples=["Ada"]
    )
    points: int = Field(examples=[420])

    @classmethod
    def of(cls, standing: domain.Standing, *, named: bool) -> "Standing":
        """What is shown of a standing, with the member's name or without."""
        score = standing.score
        name = score.name if named else None
        return cls(rank=standing.rank, member_id=UUID(score.member_id), name=name, points=score.points)


class Leaderboard(Page[Standing]):
    """Members by points of a period of event time, most first; only members with points above zero."""

    period: domain.Period
    starts_on: date | None = Field(description="First day of the period; null for all time")
    ends_on: date | None = Field(description="Last day of the period; null for all time")


@router.get(
    "/v1/leaderboard", summary="Members by points", responses=problem_responses(INVALID_TIME, TOO_MANY_READS)
)
async def get_leaderboard(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, public=Public.BOARDS, reads=IN_ANSWER)],
    conn: Conn,
    place: Annotated[domain.Place | None, after(domain.Place)],
    period: Annotated[
        domain.Period, Query(description="All time, a calendar month, or a week, by the community's calendar")
    ] = "all",
    at: Annotated[Moment | None, Query(description="A time within the period; now, if not given")] = None,
    limit: Limit = 100,
) -> Leaderboard:
    """Ranks are those of the moment each page is read: awards between two pages may move somebody past."""
    board = None
    if period != "all":
        calendar = await load_calendar(conn, community=principal.community)
        board = domain.Board.of(period, _within_calendar(at or datetime.now(UTC)), calendar)
    scores = await store.page_of_scores(
        conn, community=principal.community, board=board, after=place, limit_count=limit
    )
    standings = domain.ranked(scores, place)
    named = not principal.is_publishable or Public.NAMES in principal.public
    return Leaderboard(
        period=period,
        starts_on=None if board is None else board.starts_on,
        ends_on=None if board is None else board.ends_on,
        items=[Standing.of(standing, named=named) for standing in standings],
        next=next_cursor(standings, limit, domain.Place.of),
    )


def _within_calendar(at: datetime) -> datetime:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        detail = f"Give a time from the year {FIRST_YEAR} to {LAST_YEAR}"
        raise Problem(INVALID_TIME, detail, [FieldError(field="at", detail=detail)])
    return at
