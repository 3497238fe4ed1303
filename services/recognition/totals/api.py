"""HTTP route of the totals of several members."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import RecognitionInForce, ThresholdKey
from services.recognition.totals import store
from services.recognition.totals.domain import Member
from shared.http import (
    IN_ANSWER,
    Conn,
    MemberNamed,
    Principal,
    ProblemType,
    Scope,
    Whose,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY

#: Members whose totals are asked for at once.
TOTALS_MAX_COUNT = 100
MEMBER_NOT_ARRIVED = ProblemType("member-not-arrived", 404, "Member not known")

router = APIRouter(tags=["recognition"])


class LevelReached(BaseModel):
    """A level, as the programme in force calls it."""

    name: str = Field(examples=["regular"])
    title: str = Field(examples=["Regular"])


class MemberTotal(BaseModel):
    """How many points a member has, and the level that these reach."""

    member_id: UUID
    points: int = Field(description="0 too for one of whom nothing has arrived", examples=[420])
    level: LevelReached | None = Field(description="The highest level that stands")


class MemberTotals(BaseModel):
    """Totals of the members that were asked for, in the order in which they were."""

    items: list[MemberTotal]


@router.get(
    "/v1/totals", summary="Points and levels of several members", responses=problem_responses(UNKNOWN_IDENTITY)
)
async def get_totals(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, reads=IN_ANSWER)],
    conn: Conn,
    whose: Whose,
    member: Annotated[
        list[MemberNamed],
        Query(description="Their ids, or identities of theirs", min_length=1, max_length=TOTALS_MAX_COUNT),
    ],
) -> MemberTotals:
    """For lists of members. Whoever is merged into another is named as who stays, whose the points are."""
    community = principal.community
    asked = [await whose.of(conn, community=community, named=one, field="member") for one in member]
    ids = list(dict.fromkeys(asked))
    members = await store.load_members(conn, keys=[(community, one) for one in ids])
    in_force = await thresholds_store.find_recognition(conn, community=community) or RecognitionInForce()
    levels = in_force.recognition.points_levels[::-1]

    def total(member_id: str) -> MemberTotal:
        known = members.get((community, member_id), Member(community, member_id))
        reached = (level for level in levels if ThresholdKey("level", level.id) in known.standing)
        level = next(reached, None)
        return MemberTotal(
            member_id=UUID(member_id),
            points=known.points,
            level=None if level is None else LevelReached(name=level.id, title=level.title),
        )

    return MemberTotals(items=[total(one) for one in ids])
