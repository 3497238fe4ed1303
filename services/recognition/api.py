"""HTTP routes of recognition: the leaderboard, a member's badges and level, and who holds what."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from services.recognition import store
from services.recognition.domain.leaderboard import Period, Place, first_day, last_day, ranked
from services.recognition.domain.member import Member
from shared.contracts.programme import Recognition
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
    problem_responses,
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


class Granted(BaseModel):
    """A badge or level that stands, and the award that gave it."""

    name: str = Field(examples=["first-answer"])
    title: str = Field(examples=["First answer"])
    grant_id: UUID
    award_id: UUID = Field(description="The award that reached it; GET /v1/lineage/awards/{id} explains it")
    event_time: datetime = Field(description="When the event behind it happened, or a new programme version began")


class NextLevel(BaseModel):
    """The lowest level that is not reached yet."""

    name: str
    title: str
    points_missing: int = Field(examples=[80])


class MemberRecognition(BaseModel):
    """What a member has been recognised for."""

    member_id: UUID
    name: str | None
    points: int
    level: Granted | None = Field(description="The highest level that stands")
    next_level: NextLevel | None = Field(description="Null at the highest level")
    badges: list[Granted]


@router.get(
    "/v1/members/{member_id}/recognition",
    summary="A member's badges, level and points to the next",
    responses=PROBLEMS | problem_responses(404),
)
async def get_member_recognition(
    request: Request, member_id: UUID, principal: Principal = requires("recognition:read")
) -> MemberRecognition:
    """Standing badges and level, each with the award that caused it."""
    async with request.app.state.pool.acquire() as conn:
        found = await store.find_member(conn, principal.community, member_id)
        if found is None:
            raise Problem(
                404,
                "Member not known",
                f"No award and no name of member {member_id} has arrived yet. "
                "A member's id is in GET /v1/members of ingest",
            )
        name, member = found
        _, recognition = await store.recognition_in_force(conn, principal.community)
        held = [one.grant_id for one in member.standing.values()]
        rows = await store.load_grants(conn, principal.community, held)
    granted = {
        (row["kind"], row["name"]): Granted(
            name=row["name"],
            title=row["title"],
            grant_id=row["grant_id"],
            award_id=row["award_id"],
            event_time=row["event_time"],
        )
        for row in rows
    }
    levels = sorted(recognition.levels, key=lambda one: (one.points, f"level:{one.id}"))
    reached = [granted["level", one.id] for one in levels if ("level", one.id) in granted]
    return MemberRecognition(
        member_id=member_id,
        name=name,
        points=member.points,
        level=reached[-1] if reached else None,
        next_level=_next_level(member, recognition),
        badges=[one for (kind, _), one in granted.items() if kind == "badge"],
    )


def _next_level(member: Member, recognition: Recognition) -> NextLevel | None:
    missing = sorted(
        (one.points, one.id, one.title) for one in recognition.levels if f"level:{one.id}" not in member.standing
    )
    if not missing:
        return None
    points, name, title = missing[0]
    return NextLevel(name=name, title=title, points_missing=max(0, points - member.points))


class BadgeHolders(BaseModel):
    """A badge of the programme in force, and how many members hold it."""

    name: str = Field(examples=["first-answer"])
    title: str
    description: str
    rule: str | None = Field(description="The rule whose awards are counted; null when points are")
    at_least: int
    holders: int


class LevelHolders(BaseModel):
    """A level of the programme in force, and how many members reached it."""

    name: str
    title: str
    points: int
    holders: int


class Badges(BaseModel):
    """What can be reached in the programme version in force; a programme's limits bound the lists."""

    programme_version: int = Field(description="0 while no programme is in force")
    badges: list[BadgeHolders]
    levels: list[LevelHolders]


@router.get("/v1/badges", summary="Badges and levels, with the number of holders", responses=PROBLEMS)
async def get_badges(request: Request, principal: Principal = requires("recognition:read")) -> Badges:
    """A level counts everybody who reached it, also those who went on to a higher one."""
    async with request.app.state.pool.acquire() as conn:
        version, recognition = await store.recognition_in_force(conn, principal.community)
        holders = await store.holders_of(conn, principal.community)
    return Badges(
        programme_version=version,
        badges=[
            BadgeHolders(
                name=one.id,
                title=one.title,
                description=one.description,
                rule=one.rule,
                at_least=one.at_least,
                holders=holders.get(("badge", one.id), 0),
            )
            for one in recognition.badges
        ],
        levels=[
            LevelHolders(
                name=one.id, title=one.title, points=one.points, holders=holders.get(("level", one.id), 0)
            )
            for one in sorted(recognition.levels, key=lambda one: one.points)
        ],
    )
