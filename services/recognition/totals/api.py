"""HTTP route of a member's badges and level."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.recognition.thresholds import store as thresholds_store
from services.recognition.totals import store
from services.recognition.totals.domain import Member
from shared.contracts.programme import Recognition
from shared.http import PROBLEMS, Principal, Problem, problem_responses, requires

router = APIRouter(tags=["recognition"])


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
        _, recognition = await thresholds_store.recognition_in_force(conn, principal.community)
        held = [one.grant_id for one in member.standing.values()]
        rows = await thresholds_store.load_grants(conn, principal.community, held)
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
