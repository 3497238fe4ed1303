"""HTTP routes of levels that people fix for members, and let go again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.hands.api import NO_WORDS, giver_of
from services.recognition.hands.domain import REASON_MAX_CHARS
from services.recognition.levels.api.problems import LEVEL_NOT_LOCKED, UNKNOWN_LEVEL
from services.recognition.levels.handlers import by_hand as handlers
from shared.access_keys import check_not_about_oneself
from shared.contracts.fields import Slug
from shared.http import MemberId, Principal, RequestBody, Scope, Tx, problem_responses, requires
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY, UNKNOWN_MEMBER

router = APIRouter(tags=["recognition"])
Manager = Annotated[Principal, requires(Scope.RECOGNITION_WRITE)]


class LevelLocking(RequestBody):
    """The level that a member is on from now on, whatever they do, and why."""

    level: Slug | None = Field(description="Null is below all", examples=["leader"])
    reason: str = Field(
        min_length=1,
        max_length=REASON_MAX_CHARS,
        description="For whoever looks later; the member does not see it",
        examples=["Leads the weekly call"],
    )


class LevelUnlocking(RequestBody):
    """Why a member's level is what they do again."""

    reason: str = Field(min_length=1, max_length=REASON_MAX_CHARS, examples=["Handed the call over"])


class LevelLocked(BaseModel):
    """A level that somebody fixed, or let go."""

    lock_id: UUID
    member_id: UUID = Field(description="Whose it is: who stays, where they are merged")
    level: str | None = Field(examples=["leader"])
    locked_at: datetime
    unlocked_at: datetime | None


@router.post(
    "/v1/members/{member_id}/level-lock",
    summary="Fix a member's level",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER, ABOUT_YOURSELF, UNKNOWN_LEVEL, NO_WORDS),
)
async def lock_member_level(principal: Manager, tx: Tx, member_id: MemberId, wanted: LevelLocking) -> LevelLocked:
    """One of those that ask for more than points. It neither rises nor falls until somebody lets it go.

    What was fixed before is replaced.
    """
    await check_not_about_oneself(
        tx.conn, community=principal.community, person_id=principal.person_id, members=[str(member_id)]
    )
    made = await handlers.lock(
        tx,
        community=principal.community,
        member_id=str(member_id),
        level=wanted.level,
        reason=wanted.reason,
        by=giver_of(principal),
    )
    return LevelLocked(
        lock_id=UUID(made.lock_id),
        member_id=UUID(made.member_id),
        level=made.level,
        locked_at=made.locked_at,
        unlocked_at=None,
    )


@router.post(
    "/v1/members/{member_id}/level-unlock",
    summary="Let a member's level be what they do again",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER, ABOUT_YOURSELF, LEVEL_NOT_LOCKED, NO_WORDS),
)
async def unlock_member_level(
    principal: Manager, tx: Tx, member_id: MemberId, wanted: LevelUnlocking
) -> LevelLocked:
    """From now on it is kept, lost and reached again by what they do; a grace began when it was fixed."""
    await check_not_about_oneself(
        tx.conn, community=principal.community, person_id=principal.person_id, members=[str(member_id)]
    )
    ended = await handlers.unlock(
        tx,
        community=principal.community,
        member_id=str(member_id),
        reason=wanted.reason,
        by=giver_of(principal),
    )
    last = ended[-1]
    return LevelLocked(
        lock_id=UUID(last.lock_id),
        member_id=UUID(last.member_id),
        level=last.level,
        locked_at=last.locked_at,
        unlocked_at=last.unlocked_at,
    )
