"""HTTP route of a member's badges and level."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.recognition.counts import store as counts_store
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Grant, RecognitionInForce, ThresholdKey
from services.recognition.totals import store
from services.recognition.totals.domain import Member
from shared.contracts.programme import Recognition
from shared.followed_members import find_name
from shared.http import (
    IN_ANSWER,
    Conn,
    MemberId,
    MemberNamed,
    Principal,
    Problem,
    ProblemType,
    Scope,
    Whose,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY
from shared.postgres import Connection

#: Members whose totals are asked for at once.
TOTALS_MAX_COUNT = 100
MEMBER_NOT_ARRIVED = ProblemType("member-not-arrived", 404, "Member not known")

router = APIRouter(tags=["recognition"])


class Granted(BaseModel):
    """A badge or level that stands, and the award that gave it, or the amendment of one."""

    name: str = Field(examples=["first-answer"])
    title: str = Field(examples=["First answer"])
    grant_id: UUID
    award_id: UUID | None = Field(
        description="The award or amendment that reached it; GET /v1/lineage/awards/{id} explains it. "
        "Null for counted events"
    )
    event_uid: UUID | None = Field(description="The counted event that reached it; null where an award did")
    event_time: datetime = Field(description="When the event behind it happened, or a new programme version began")

    @classmethod
    def of(cls, grant: Grant) -> "Granted":
        """What is shown of a grant."""
        return cls(
            name=grant.key.id,
            title=grant.title,
            grant_id=UUID(grant.grant_id),
            award_id=None if grant.award_id is None else UUID(grant.award_id),
            event_uid=None if grant.event_uid is None else UUID(grant.event_uid),
            event_time=grant.event_time,
        )


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
    levels = sorted(in_force.recognition.levels, key=lambda level: (-level.points, level.id))

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


@router.get(
    "/v1/members/{member_id}/recognition",
    summary="A member's badges, level and points to the next",
    responses=problem_responses(UNKNOWN_IDENTITY, MEMBER_NOT_ARRIVED),
)
async def get_member_recognition(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
) -> MemberRecognition:
    """Standing badges and level, each with the award, or the amendment of one, that caused it."""
    return await recognition_of(conn, community=principal.community, member_id=member_id)


async def recognition_of(conn: Connection, *, community: str, member_id: UUID) -> MemberRecognition:
    """What a member has been recognised for. Raises Problem 404 for one of whom nothing has arrived."""
    member_text = str(member_id)
    named = await find_name(conn, community=community, member_id=member_text)
    member = await store.find_member(conn, community=community, member_id=member_text)
    if named is None and member is None:
        raise Problem(
            MEMBER_NOT_ARRIVED,
            f"No award and no name of member {member_id} has arrived yet. "
            "A member's id is in GET /v1/members of ingest",
        )
    member = member or Member(community, member_text)
    in_force = await thresholds_store.find_recognition(conn, community=community) or RecognitionInForce()
    grants = await thresholds_store.load_grants(
        conn, community=community, grant_ids=[held.grant_id for held in member.standing.values()]
    )
    counting = await counts_store.find_member(conn, community=community, member_id=member_text)
    counted = {} if counting is None else counting.standing
    grants |= await thresholds_store.load_grants(
        conn, community=community, grant_ids=[held.grant_id for held in counted.values()]
    )
    granted = {grant.key: Granted.of(grant) for grant in grants.values()}
    titles = {
        **{ThresholdKey("badge", badge.id): badge.title for badge in in_force.recognition.badges},
        **{ThresholdKey("level", level.id): level.title for level in in_force.recognition.levels},
    }
    granted = {key: one.model_copy(update={"title": titles.get(key, one.title)}) for key, one in granted.items()}
    levels = sorted(in_force.recognition.levels, key=lambda level: (level.points, level.id))
    reached = [granted[key] for level in levels if (key := ThresholdKey("level", level.id)) in granted]
    return MemberRecognition(
        member_id=member_id,
        name=None if named is None else named.name,
        points=member.points,
        level=reached[-1] if reached else None,
        next_level=_next_level(member, in_force.recognition),
        badges=[grant for key, grant in granted.items() if key.kind == "badge"],
    )


def _next_level(member: Member, recognition: Recognition) -> NextLevel | None:
    missing = [level for level in recognition.levels if ThresholdKey("level", level.id) not in member.standing]
    if not missing:
        return None
    lowest = min(missing, key=lambda level: (level.points, level.id))
    return NextLevel(name=lowest.id, title=lowest.title, points_missing=max(0, lowest.points - member.points))
