"""HTTP route of who got a badge or level last."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.thresholds import store
from services.recognition.thresholds.domain import Kind, LatestGrant, LatestPlace
from shared.contracts.programme import Gives
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    Page,
    Principal,
    Scope,
    Shown,
    after,
    problem_responses,
    requires,
)

router = APIRouter(tags=["recognition"])


class GivesShown(BaseModel):
    """What comes with a quest that is completed, or with the prize of a board."""

    points: int | None = Field(examples=[50])
    reward: str | None = Field(description="The id of a reward of the catalogue", examples=["stickers"])
    ticket: str | None = Field(description="The id of a draw", examples=["spring"])

    @classmethod
    def of(cls, gives: Gives | None) -> "GivesShown | None":
        """What is shown of it; None where nothing comes."""
        return None if gives is None else cls(points=gives.points, reward=gives.reward, ticket=gives.ticket)


class LatestRecognition(BaseModel):
    """A badge or level that a member got."""

    grant_id: UUID
    member_id: UUID
    member_name: str | None = Field(examples=["Ada"])
    kind: Kind
    name: str = Field(examples=["first-answer"])
    tier: str | None = Field(description="Of a badge in several levels which one", examples=["gold"])
    title: str = Field(examples=["First answer"])
    award_id: UUID | None = Field(
        description="The award or amendment that reached it; null where an event, several things or a person did"
    )
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
            name=grant.key.base_id,
            tier=grant.key.tier_id,
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
