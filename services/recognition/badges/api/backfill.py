"""HTTP routes of how far members were looked at by a new version, and how many a badge would go to before."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.badges.api.problems import BADGE_NOT_COUNTABLE
from services.recognition.badges.handlers import foreseeing
from services.recognition.badges.store import standing as store
from services.recognition.badges.store.backfill import find_passes
from shared.contracts.fields import Name, Slug
from shared.contracts.programme import Counted
from shared.contracts.programme.worth import Expression
from shared.http import Conn, Principal, RequestBody, Scope, problem_responses, requires

router = APIRouter(tags=["recognition"])
ALL_IDS = 1 << 128


class Pass(BaseModel):
    """One of the things that are done for all members once a version asks for something else."""

    name: Literal["events", "numbers", "points", "criteria"] = Field(
        description="events of before are counted; badges for numbers of events, for points and awards, and for "
        "several things are brought in line"
    )
    percent: int = Field(description="How far it is, by the place among ids, which are random", examples=[40])


class Backfill(BaseModel):
    """How far a community's members were looked at by the version in force."""

    programme_version: int = Field(description="0 while no programme is in force")
    is_done: bool
    passes: list[Pass]
    members: int = Field(description="Looked at by what badges ask for that one number does not decide")
    grants: int = Field(description="What these were granted, and what was taken back")
    started_at: datetime | None
    ended_at: datetime | None
    due: int = Field(description="Members of whom something changed since, and who are looked at next")


class TierAsked(RequestBody):
    """A tier as a programme would have it."""

    id: Slug
    title: Name
    at_least: int = Field(ge=1)


class BadgeAsked(RequestBody):
    """A badge as a programme would have it, as far as that decides who holds it."""

    rule: Slug | None = Field(None, description="A rule of the programme in force", examples=["reply"])
    count: Counted | None = None
    at_least: int | None = Field(None, ge=1, examples=[10])
    tiers: list[TierAsked] | None = Field(None, max_length=10)
    when: Expression | None = Field(None, examples=["points >= 100"])
    measure: Expression | None = None


class TierForeseen(BaseModel):
    """How many members would hold a tier."""

    name: str
    holders: int


class BadgeForeseen(BaseModel):
    """How many members would hold a badge if it were in force now."""

    holders: int = Field(examples=[1204])
    tiers: list[TierForeseen]
    is_exact: bool = Field(description="Whether all were looked at; else it is reckoned from those who were")
    looked_at: int
    members: int


@router.get("/v1/badge-backfill", summary="How far a new version is", responses=problem_responses())
async def get_badge_backfill(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ)], conn: Conn
) -> Backfill:
    """Nobody is notified of what a version grants at once to all, and what comes meanwhile does not wait."""
    community = principal.community
    found = await find_passes(conn, community=community)
    sweep = await store.find_sweep(conn, community=community)
    is_swept = sweep is not None and sweep.version == found.version
    criteria = _percent(sweep.after_member, is_done=sweep.is_done) if sweep is not None and is_swept else 0
    passes = [
        Pass(name="events", percent=_percent(found.events_up_to, is_done=found.events_done)),
        Pass(name="numbers", percent=_percent(found.numbers_up_to, is_done=found.numbers_done)),
        Pass(name="points", percent=_percent(found.points_up_to, is_done=found.points_done)),
        Pass(name="criteria", percent=criteria),
    ]
    return Backfill(
        programme_version=found.version,
        is_done=found.version == 0 or all(one.percent == 100 for one in passes),
        passes=passes if found.version else [],
        members=sweep.members if sweep is not None and is_swept else 0,
        grants=sweep.grants if sweep is not None and is_swept else 0,
        started_at=sweep.started_at if sweep is not None and is_swept else None,
        ended_at=sweep.ended_at if sweep is not None and is_swept else None,
        due=await store.count_due(conn, community=community),
    )


def _percent(up_to: str | None, *, is_done: bool) -> int:
    return 100 if is_done else 0 if up_to is None else UUID(up_to).int * 100 // ALL_IDS


@router.post(
    "/v1/badge-count",
    summary="How many members would hold a badge",
    responses=problem_responses(BADGE_NOT_COUNTABLE),
)
async def count_badge(
    principal: Annotated[Principal, requires(Scope.PROGRAMMES_READ)], conn: Conn, wanted: BadgeAsked
) -> BadgeForeseen:
    """Before it is published, by what is known now: nothing is granted by it, and nothing kept."""
    said = wanted.model_dump(exclude_none=True) | {"id": "foreseen", "title": "Foreseen"}
    found = await foreseeing.foresee(conn, community=principal.community, badge=foreseeing.read_badge(said))

    def reckoned(count: int) -> int:
        return count if found.is_exact else count * found.members // max(1, found.looked_at)

    counts = {tier: reckoned(count) for tier, count in found.by_tier.items()}
    return BadgeForeseen(
        holders=max(counts.values()),
        tiers=[TierForeseen(name=tier, holders=count) for tier, count in counts.items() if tier is not None],
        is_exact=found.is_exact,
        looked_at=found.looked_at,
        members=found.members,
    )
