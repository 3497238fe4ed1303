"""HTTP routes of the badges and levels there are, how many members hold each, and who got one last."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.thresholds import store
from services.recognition.thresholds.domain import (
    Kind,
    LatestGrant,
    LatestPlace,
    RecognitionInForce,
    ThresholdKey,
)
from shared.contracts.programme import Counted
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    Page,
    Principal,
    Public,
    Scope,
    Shown,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import TOO_MANY_READS

router = APIRouter(tags=["recognition"])


class BadgeHolders(BaseModel):
    """A badge of the programme in force, and how many members hold it."""

    name: str = Field(examples=["first-answer"])
    title: str
    description: str
    rule: str | None = Field(description="The rule of which is counted; null when points are")
    count: Counted | None = Field(description="What is counted of the rule: events that meet it, or its awards")
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


@router.get(
    "/v1/badges",
    summary="Badges and levels, with the number of holders",
    responses=problem_responses(TOO_MANY_READS),
)
async def get_badges(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, or_member=True, public=Public.BADGES)],
    conn: Conn,
) -> Badges:
    """A level counts everybody who reached it, also those who went on to a higher one."""
    in_force = await store.find_recognition(conn, community=principal.community) or RecognitionInForce()
    holders = await store.load_holders(conn, community=principal.community)
    return Badges(
        programme_version=in_force.version,
        badges=[
            BadgeHolders(
                name=badge.id,
                title=badge.title,
                description=badge.description,
                rule=badge.rule,
                count=badge.counted,
                at_least=badge.at_least,
                holders=holders.get(ThresholdKey("badge", badge.id), 0),
            )
            for badge in in_force.recognition.badges
        ],
        levels=[
            LevelHolders(
                name=level.id,
                title=level.title,
                points=level.points,
                holders=holders.get(ThresholdKey("level", level.id), 0),
            )
            for level in sorted(in_force.recognition.levels, key=lambda level: level.points)
        ],
    )


class LatestRecognition(BaseModel):
    """A badge or level that a member got."""

    grant_id: UUID
    member_id: UUID
    member_name: str | None = Field(examples=["Ada"])
    kind: Kind
    name: str = Field(examples=["first-answer"])
    title: str = Field(examples=["First answer"])
    award_id: UUID | None = Field(description="The award or amendment that reached it; null for counted events")
    event_uid: UUID | None = Field(description="The counted event that reached it; null where an award did")
    granted_at: datetime
    is_taken_back: bool = Field(description="Whether it stands no more: what it was for was taken back")

    @classmethod
    def of(cls, latest: LatestGrant) -> "LatestRecognition":
        """What is shown of a grant."""
        grant = latest.grant
        return cls(
            grant_id=UUID(grant.grant_id),
            member_id=UUID(grant.member_id),
            member_name=latest.member_name,
            kind=grant.key.kind,
            name=grant.key.id,
            title=grant.title,
            award_id=None if grant.award_id is None else UUID(grant.award_id),
            event_uid=None if grant.event_uid is None else UUID(grant.event_uid),
            granted_at=latest.granted_at,
            is_taken_back=latest.is_taken_back,
        )


@router.get("/v1/grants", summary="Who got a badge or level last", responses=problem_responses())
async def get_grants(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, reads=IN_ANSWER)],
    shown: Shown,
    place: Annotated[LatestPlace | None, after(LatestPlace)],
    conn: Conn,
    limit: Limit = 100,
) -> Page[LatestRecognition]:
    """Newest first, by when they were granted."""
    latest = await store.page_of_latest(conn, community=principal.community, after=place, limit_count=limit)
    shown.of(*(one.grant.member_id for one in latest))
    return Page[LatestRecognition].of(latest, limit, item=LatestRecognition.of, place=LatestPlace.of)
