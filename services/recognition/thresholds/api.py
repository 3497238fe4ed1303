"""HTTP route of the badges and levels there are, and how many members hold each."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.thresholds import store
from services.recognition.thresholds.domain import RecognitionInForce, ThresholdKey
from shared.contracts.programme import Counted
from shared.http import Conn, Principal, Public, Scope, problem_responses, requires
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
