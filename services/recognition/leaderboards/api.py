"""HTTP route of the leaderboard."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.recognition.leaderboards import domain, store
from shared.contracts.fields import Slug
from shared.followed_communities import load_calendar
from shared.followed_members import find_name
from shared.http import (
    IN_ANSWER,
    Conn,
    FieldError,
    Limit,
    MemberId,
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
from shared.http.problem_types import MISSING_SCOPE, TOO_MANY_READS, UNKNOWN_AUDIENCE, UNKNOWN_IDENTITY
from shared.postgres import Connection

INVALID_TIME = ProblemType("invalid-time", 422, "The time is not valid")
FIRST_YEAR = 1970
LAST_YEAR = 9000
#: Members above and below one who are shown with them.
NEIGHBOURS_COUNT = 2
#: How far ranks are counted for one member: each costs a row of the index.
RANKS_MAX_COUNT = 10_000

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


class BoardAudience(BaseModel):
    """The audience that a board is of."""

    id: str = Field(examples=["helpers"])
    title: str = Field(examples=["Helpers"])


class Leaderboard(Page[Standing]):
    """Members by points of a period of event time, most first; only members with points above zero."""

    period: domain.Period
    starts_on: date | None = Field(description="First day of the period; null for all time")
    ends_on: date | None = Field(description="Last day of the period; null for all time")
    audience: BoardAudience | None = Field(None, description="Whose board it is; null for that of all members")


class NeighbourShown(BaseModel):
    """A member beside another on a board."""

    rank: int | None = Field(
        description=f"Null beyond the first {RANKS_MAX_COUNT:,}: nobody counts further", examples=[12]
    )
    name: str | None = Field(examples=["Ada"])
    points: int = Field(examples=[420])
    is_self: bool = Field(description="Whether it is the member who is asked for")


class MemberPlace(BaseModel):
    """Where a member is on a board, and who is beside them."""

    period: domain.Period
    starts_on: date | None = Field(description="First day of the period; null for all time")
    ends_on: date | None = Field(description="Last day of the period; null for all time")
    is_on_board: bool = Field(description="Whether they have points above zero, and are not left out of boards")
    rank: int | None = Field(examples=[13])
    points: int = Field(examples=[410])
    neighbours: list[NeighbourShown] = Field(
        description=f"Up to {NEIGHBOURS_COUNT} above, the member, and up to {NEIGHBOURS_COUNT} below"
    )


@router.get(
    "/v1/leaderboard",
    summary="Members by points",
    responses=problem_responses(INVALID_TIME, TOO_MANY_READS, UNKNOWN_AUDIENCE),
)
async def get_leaderboard(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, public=Public.BOARDS, reads=IN_ANSWER)],
    conn: Conn,
    place: Annotated[domain.Place | None, after(domain.Place)],
    period: Annotated[
        domain.Period, Query(description="All time, a calendar month, or a week, by the community's calendar")
    ] = "all",
    at: Annotated[Moment | None, Query(description="A time within the period; now, if not given")] = None,
    audience: Annotated[Slug | None, Query(description="Only members of this audience, ranked among them")] = None,
    limit: Limit = 100,
) -> Leaderboard:
    """Ranks are those of the moment each page is read: awards between two pages may move somebody past.

    Of an audience are those whom recognition has heard of as its members. Who is in one is not for everybody: a
    publishable key and a visitor see the board of all.
    """
    of = None if audience is None else await _of_audience(conn, principal, audience_id=audience)
    board = None
    if period != "all":
        calendar = await load_calendar(conn, community=principal.community)
        board = domain.Board.of(period, within_calendar(at or datetime.now(UTC)), calendar)
    scores = await store.page_of_scores(
        conn, community=principal.community, board=board, after=place, limit_count=limit, audience_id=audience
    )
    standings = domain.ranked(scores, place)
    named = not principal.is_publishable or Public.NAMES in principal.public
    return Leaderboard(
        period=period,
        starts_on=None if board is None else board.starts_on,
        ends_on=None if board is None else board.ends_on,
        audience=of,
        items=[Standing.of(standing, named=named) for standing in standings],
        next=next_cursor(standings, limit, domain.Place.of),
    )


async def _of_audience(conn: Connection, principal: Principal, *, audience_id: str) -> BoardAudience:
    if principal.is_publishable:
        raise Problem(MISSING_SCOPE, f"Who is in an audience needs {Scope.RECOGNITION_READ.value!r}")
    title = await store.find_audience_title(conn, community=principal.community, audience_id=audience_id)
    if title is None:
        detail = f"The programme in force has no audience {audience_id!r}"
        raise Problem(UNKNOWN_AUDIENCE, detail, [FieldError(field="audience", detail=detail)])
    return BoardAudience(id=audience_id, title=title)


@router.get(
    "/v1/members/{member_id}/place",
    summary="A member's place on the leaderboard, with their neighbours",
    responses=problem_responses(INVALID_TIME, UNKNOWN_IDENTITY),
)
async def get_place(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
    period: Annotated[
        domain.Period, Query(description="All time, a calendar month, or a week, by the community's calendar")
    ] = "all",
    at: Annotated[Moment | None, Query(description="A time within the period; now, if not given")] = None,
) -> MemberPlace:
    """Of the neighbours there are names, as boards have them, and no ids: a member may ask."""
    community = principal.community
    board = None
    if period != "all":
        calendar = await load_calendar(conn, community=community)
        board = domain.Board.of(period, within_calendar(at or datetime.now(UTC)), calendar)
    near = await _near(conn, community=community, board=board, member_id=str(member_id))
    own = next((one for one in near if one.is_self), None)
    return MemberPlace(
        period=period,
        starts_on=None if board is None else board.starts_on,
        ends_on=None if board is None else board.ends_on,
        rank=None if own is None else own.rank,
        points=0 if own is None else own.points,
        is_on_board=own is not None,
        neighbours=[NeighbourShown(**one._asdict()) for one in near],
    )


async def _near(
    conn: Connection, *, community: str, board: domain.Board | None, member_id: str
) -> list[domain.Neighbour]:
    """A member and who is right above and below them on a board; nobody where they are not on it."""
    points = await store.find_points(conn, community=community, board=board, member_id=member_id)
    if points is None:
        return []
    known = await find_name(conn, community=community, member_id=member_id)
    own = domain.Score(member_id, known.name if known else None, points)
    above = await store.load_above(conn, community=community, board=board, below=own, limit_count=NEIGHBOURS_COUNT)
    below = await store.page_of_scores(
        conn,
        community=community,
        board=board,
        after=domain.Place(1, 1, points, member_id),
        limit_count=NEIGHBOURS_COUNT,
    )
    near = [*reversed(above), own, *below]
    ranks: dict[int, int | None] = {}
    for points_near in dict.fromkeys(one.points for one in near):
        more = await store.count_above(
            conn, community=community, board=board, points=points_near, limit_count=RANKS_MAX_COUNT
        )
        ranks[points_near] = more + 1 if more < RANKS_MAX_COUNT else None
    return [domain.Neighbour(ranks[one.points], one.name, one.points, one.member_id == member_id) for one in near]


def within_calendar(at: datetime) -> datetime:
    """The moment, where it is in a year that boards have. Raises Problem 422 for any other."""
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        detail = f"Give a time from the year {FIRST_YEAR} to {LAST_YEAR}"
        raise Problem(INVALID_TIME, detail, [FieldError(field="at", detail=detail)])
    return at
