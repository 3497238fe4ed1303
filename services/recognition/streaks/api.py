"""HTTP routes of a member's streaks, and of freezes that people give them."""

from datetime import UTC, date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.hands.api import NO_WORDS, giver_of
from services.recognition.hands.domain import REASON_MAX_CHARS
from services.recognition.streaks import handlers
from services.recognition.streaks.domain.standing import Day
from services.recognition.streaks.handlers import SHOWN_DAYS_COUNT, StreakFound
from services.recognition.totals.api import MEMBER_NOT_ARRIVED
from shared.access_keys import check_not_about_oneself
from shared.contracts.fields import Slug
from shared.contracts.programme.recognition import Weekday
from shared.followed_members import find_name
from shared.http import (
    Conn,
    MemberId,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY, UNKNOWN_MEMBER

UNKNOWN_STREAK = ProblemType("unknown-streak", 404, "The programme in force has no such streak")
FREEZES_ENOUGH = ProblemType("freezes-enough", 409, "The member has as many freezes as one may have")

router = APIRouter(tags=["recognition"])


class DayShown(BaseModel):
    """A date, in the zone in which the member lived, and what became of it."""

    date: date
    became: Day = Field(
        description="done, frozen, missed, open (its period is not over) or free (nothing was due)"
    )


class StreakShown(BaseModel):
    """Where a member stands with a streak."""

    id: str = Field(examples=["every-day"])
    title: str = Field(examples=["Every day"])
    description: str
    rules: list[str] = Field(description="The rules that say what counts", examples=[["message"]])
    period_days: int = Field(description="1 is each day, 7 each week from Monday", examples=[1])
    goal: int = Field(description="On so many dates of each period", examples=[1])
    weekdays: list[Weekday] = Field(description="Those on which something may be due")
    current: int = Field(
        description="Periods in a row, the one that is not over too once it is done", examples=[14]
    )
    longest: int = Field(examples=[30])
    freezes_left: int = Field(description="Each keeps the streak over a period in which too little was done")
    freezes_spent: int
    ends_at: datetime | None = Field(
        description="When the streak ends, or a freeze is spent, unless something is done; null: nothing is due"
    )
    is_whole: bool = Field(description="False while events of before the programme's version are being counted")
    days: list[DayShown] = Field(description=f"The last {SHOWN_DAYS_COUNT} dates, oldest first")

    @classmethod
    def of(cls, found: StreakFound) -> Self:
        """What is shown of a streak."""
        streak, standing, days, is_whole = found
        return cls(
            id=streak.id,
            title=streak.title,
            description=streak.description,
            rules=streak.rules,
            period_days=streak.days,
            goal=streak.goal,
            weekdays=streak.weekdays,
            current=standing.current,
            longest=standing.longest,
            freezes_left=standing.left,
            freezes_spent=standing.spent,
            ends_at=standing.ends_at,
            is_whole=is_whole,
            days=[DayShown(date=day, became=became) for day, became in days],
        )


class MemberStreaks(BaseModel):
    """A member's streaks, by their own clocks."""

    member_id: UUID
    time_zone: str = Field(description="Whose clocks count for them now", examples=["Europe/Rome"])
    items: list[StreakShown]


@router.get(
    "/v1/members/{member_id}/streaks",
    summary="Where a member's streaks stand",
    responses=problem_responses(UNKNOWN_IDENTITY, MEMBER_NOT_ARRIVED),
)
async def get_streaks(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
) -> MemberStreaks:
    """By the programme in force, from all that the member did and where they lived; late events count, too."""
    member_text, now = str(member_id), datetime.now(UTC)
    if await find_name(conn, community=principal.community, member_id=member_text) is None:
        raise Problem(
            MEMBER_NOT_ARRIVED,
            f"Nothing of member {member_id} has arrived yet. A member's id is in GET /v1/members of ingest",
        )
    calendar, found = await handlers.find_streaks(
        conn, community=principal.community, member_id=member_text, now=now
    )
    return MemberStreaks(
        member_id=member_id, time_zone=calendar.zone_at(now), items=[StreakShown.of(one) for one in found]
    )


class FreezeGift(RequestBody):
    """Why a member is given a freeze."""

    reason: str = Field(
        min_length=1,
        max_length=REASON_MAX_CHARS,
        description="For whoever looks later; the member does not see it",
        examples=["Our forum was down on that day"],
    )


class FreezeGiven(BaseModel):
    """A freeze that somebody gave a member."""

    freeze_id: UUID
    member_id: UUID = Field(description="Whose it is: who stays, where they are merged")
    streak: str = Field(examples=["every-day"])
    given_at: datetime = Field(description="It keeps the streak over a period that ends after this")


@router.post(
    "/v1/members/{member_id}/streaks/{streak_id}/freezes",
    summary="Give a member a freeze of a streak",
    status_code=201,
    responses=problem_responses(
        UNKNOWN_IDENTITY, UNKNOWN_MEMBER, ABOUT_YOURSELF, UNKNOWN_STREAK, FREEZES_ENOUGH, NO_WORDS
    ),
)
async def give_streak_freeze(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_WRITE)],
    tx: Tx,
    member_id: MemberId,
    streak_id: Slug,
    wanted: FreezeGift,
) -> FreezeGiven:
    """It is spent on the first period that ends after now in which too little is done, as one that was earned."""
    await check_not_about_oneself(
        tx.conn, community=principal.community, person_id=principal.person_id, members=[str(member_id)]
    )
    freeze = await handlers.give_freeze(
        tx,
        community=principal.community,
        member_id=str(member_id),
        streak_id=streak_id,
        reason=wanted.reason,
        by=giver_of(principal),
    )
    return FreezeGiven(
        freeze_id=UUID(freeze.freeze_id),
        member_id=UUID(freeze.member_id),
        streak=freeze.streak,
        given_at=freeze.given_at,
    )
