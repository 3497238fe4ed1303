"""HTTP route of the leaderboard."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from services.recognition.leaderboards import store
from services.recognition.leaderboards.domain import Period, Place, first_day, last_day, ranked
from shared.http import (
    PROBLEMS,
    After,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    decode_cursor,
    encode_cursor,
    requires,
)

FIRST_YEAR = 1970
LAST_YEAR = 9000

router = APIRouter(tags=["recognition"])


class Standing(BaseModel):
    """A member's place on the leaderboard."""

    rank: int = Field(description="Members with the same points share a rank (1, 2, 2, 4)", examples=[1])
    member_id: UUID
    name: str | None = Field(examples=["Ada"])
    points: int = Field(examples=[420])


class Leaderboard(Page[Standing]):
    """Members by points of a period of event time, most first; only members with points above nought."""

    period: Period
    starts_on: date | None = Field(description="First UTC day of the period; null for all time")
    ends_on: date | None = Field(description="Last UTC day of the period; null for all time")


@router.get("/v1/leaderboard", summary="Members by points", responses=PROBLEMS)
async def get_leaderboard(
    request: Request,
    period: Annotated[
        Period, Query(description="All time, a calendar month, or an ISO 8601 week; in UTC")
    ] = "all",
    at: Annotated[AwareDatetime | None, Query(description="A time within the period; now, if not given")] = None,
    limit: Limit = 100,
    after: After = None,
    principal: Principal = requires("recognition:read"),
) -> Leaderboard:
    """Ranks are those of the moment each page is read: awards between two pages may move somebody past."""
    starts_on = None if period == "all" else first_day(period, _within_calendar(at or datetime.now(UTC)))
    place = _place(after)
    async with request.app.state.pool.acquire() as conn:
        rows = await store.leaderboard_page(
            conn, principal.community, None if starts_on is None else (period, starts_on), place, limit
        )
    ranks = ranked([row["points"] for row in rows], place)
    following = None
    if len(rows) == limit:
        last = rows[-1]
        following = encode_cursor(place.position + len(rows), ranks[-1], last["points"], str(last["member_id"]))
    return Leaderboard(
        period=period,
        starts_on=starts_on,
        ends_on=None if starts_on is None or period == "all" else last_day(period, starts_on),
        items=[
            Standing(rank=rank, member_id=row["member_id"], name=row["name"], points=row["points"])
            for rank, row in zip(ranks, rows, strict=True)
        ],
        next=following,
    )


def _within_calendar(at: datetime) -> datetime:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        detail = f"Give a time from the year {FIRST_YEAR} to {LAST_YEAR}"
        raise Problem(422, "The time is not valid", detail, [FieldError(field="at", detail=detail)])
    return at


def _place(after: str | None) -> Place:
    key = decode_cursor(after, int, int, int, str)
    if key is None:
        return Place()
    position, rank, points, member_id = key
    try:
        member = UUID(member_id)
    except ValueError:
        member = None
    if member is None or abs(points) > store.POINTS_ABOVE_ALL:
        raise Problem(422, "The cursor is not valid", "Use the `next` of the page before, unchanged")
    return Place(position, rank, points, str(member))
