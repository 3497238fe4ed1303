"""HTTP route of where a member is on the levels that ask for more than points."""

from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.levels.domain.by_hand import Lock
from services.recognition.levels.domain.standing import moment_of
from services.recognition.levels.handlers.showing import HowFar, RungFound, find_levels
from services.recognition.totals.api import MEMBER_NOT_ARRIVED
from shared.contracts.programme import LevelCount, Right
from shared.followed_members import find_name
from shared.http import MemberId, Principal, Problem, Scope, Snapshot, problem_responses, requires
from shared.http.problem_types import UNKNOWN_IDENTITY

router = APIRouter(tags=["recognition"])
PERCENT = 100


class AskedShown(BaseModel):
    """One thing that a level asks for, and how far the member is with it."""

    rule: str | None = Field(description="The rule of which is counted", examples=["trust-read"])
    count: LevelCount | None = Field(description="What of it", examples=["days"])
    of: str | None = Field(description="The field whose sum it is", examples=["seconds"])
    within_days: int | None = Field(description="Within so many times 24 hours; null: ever", examples=[100])
    known_minutes: int | None = Field(description="Or: that the member is known so long")
    unsuspended_days: int | None = Field(description="Or: that they are not suspended, nor were within these days")
    value: int = Field(description="What the member has; of what is so or not, 1 or 0", examples=[38])
    at_least: int | None = Field(description="How many it takes, of a share by what all did", examples=[50])
    at_most: int | None = Field(description="Or how many there may be", examples=[5])
    is_met: bool

    @classmethod
    def of_one(cls, one: HowFar) -> Self:
        """What is shown of it."""
        asked, value = one.asked.requirement, one.value
        if asked.unsuspended_days is not None:
            value = 1 - value
        counted = asked.rule is not None
        needs_least = counted and asked.at_most is None
        return cls(
            rule=asked.rule,
            count=asked.counted if counted else None,
            of=asked.of,
            within_days=asked.within_days,
            known_minutes=asked.known_minutes,
            unsuspended_days=asked.unsuspended_days,
            value=value,
            at_least=-(-one.asked.needed(one.of_all) // PERCENT) if needs_least else None,
            at_most=asked.at_most,
            is_met=one.is_met,
        )


class LevelOfMember(BaseModel):
    """A level, whether the member has it, and what it takes."""

    name: str = Field(examples=["regular"])
    title: str = Field(examples=["Regular"])
    description: str
    by_hand: bool = Field(description="Whether it is given by hand alone")
    opens: list[Right]
    since: datetime | None = Field(description="Null: the member does not have it")
    requires: list[AskedShown]
    keep: list[AskedShown] = Field(description="What keeps it; none: it is not lost")
    grace_until: datetime | None = Field(description="Until then it is not lost, whatever is missing")


class LockShown(BaseModel):
    """That somebody fixed the level."""

    level: str | None = Field(description="Null is below all")
    locked_at: datetime
    reason: str | None = Field(description="For those who may read all of recognition; the member does not see it")

    @classmethod
    def of(cls, lock: Lock, *, sees_all: bool) -> Self:
        """What is shown of it."""
        return cls(level=lock.level, locked_at=lock.locked_at, reason=lock.reason if sees_all else None)


class LevelsOfMember(BaseModel):
    """Where a member is on the levels of the programme that ask for more than points, lowest first."""

    member_id: UUID
    level: str | None = Field(description="The highest that they have", examples=["member"])
    next_level: str | None = Field(description="The lowest that they do not have, and can reach by what they do")
    changes_at: datetime | None = Field(description="When that changes by itself, if nothing is done until then")
    lock: LockShown | None
    items: list[LevelOfMember]


@router.get(
    "/v1/members/{member_id}/levels",
    summary="Where a member is on the levels, and what keeps and lifts them",
    responses=problem_responses(UNKNOWN_IDENTITY, MEMBER_NOT_ARRIVED),
)
async def get_member_levels(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, or_own=True, reads="member_id")],
    conn: Snapshot,
    member_id: MemberId,
) -> LevelsOfMember:
    """At this moment, by the programme whose events are all counted. Levels by points are with recognition."""
    named = await find_name(conn, community=principal.community, member_id=str(member_id))
    if named is None:
        raise Problem(
            MEMBER_NOT_ARRIVED,
            f"Nothing of member {member_id} has arrived yet. A member's id is in GET /v1/members of ingest",
        )
    found = await find_levels(conn, community=principal.community, member_id=str(member_id), now=datetime.now(UTC))
    held = [one for one in found.rungs if one.since is not None]
    missing = [one for one in found.rungs if one.since is None and not one.rung.level.by_hand]
    return LevelsOfMember(
        member_id=UUID(found.member_id),
        level=held[-1].rung.level.id if held else None,
        next_level=missing[0].rung.level.id if missing and found.lock is None else None,
        changes_at=None if found.found.next_at is None else moment_of(found.found.next_at),
        lock=None
        if found.lock is None
        else LockShown.of(found.lock, sees_all=Scope.RECOGNITION_READ in principal.scopes),
        items=[_shown(one) for one in found.rungs],
    )


def _shown(one: RungFound) -> LevelOfMember:
    level = one.rung.level
    return LevelOfMember(
        name=level.id,
        title=level.title,
        description=level.description,
        by_hand=bool(level.by_hand),
        opens=level.opens or [],
        since=one.since,
        requires=[AskedShown.of_one(asked) for asked in one.requires],
        keep=[AskedShown.of_one(asked) for asked in one.keep],
        grace_until=one.grace_until,
    )
