"""HTTP route of the badges and levels there are, and how many members hold each."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.recognition.thresholds import store
from shared.http import PROBLEMS, Principal, requires

router = APIRouter(tags=["recognition"])


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
