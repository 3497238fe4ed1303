"""HTTP routes of figures to take along, row by row."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.analytics.exports import domain, store
from services.analytics.exports.domain import ActivityPlace, MemberDayPlace, RuleDayPlace
from services.analytics.periods.api import INVALID_DAYS, AskedDays, Reader
from shared.http import IN_ANSWER, Conn, Limit, Page, Principal, Scope, Shown, after, problem_responses, requires
from shared.http.problem_types import INVALID_CURSOR

router = APIRouter(tags=["exports"])
PROBLEMS = problem_responses(INVALID_DAYS, INVALID_CURSOR)


class ActivityDay(BaseModel):
    """Events of a type in a channel on a day that count, as /v1/participation has them."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    channel: str = Field(examples=["forum"])
    type: str = Field(examples=["forum.reply.v1"])
    events: int = Field(examples=[12])

    @classmethod
    def of(cls, found: domain.ActivityDay) -> Self:
        """A row as it is answered."""
        return cls.model_validate(found)


class MemberDay(BaseModel):
    """Events of a member in a channel on a day."""

    model_config = ConfigDict(from_attributes=True)

    member_id: UUID = Field(description="Whom they are merged into, if they are: who is counted")
    of_member_id: UUID = Field(description="The id under which it happened")
    day: date
    channel: str = Field(examples=["forum"])
    events: int = Field(examples=[3])

    @classmethod
    def of(cls, found: domain.MemberDay) -> Self:
        """A row as it is answered."""
        return cls.model_validate(found)


class RuleDay(BaseModel):
    """What a rule gave for the events of a day."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    rule_id: str = Field(examples=["helpful-answer"])
    points: int = Field(description="What its awards amount to now")
    awards: int
    taken_back: int = Field(description="Of the awards, those that amount to nothing now")
    amendments: int = Field(description="How often what an award amounts to has changed")

    @classmethod
    def of(cls, found: domain.RuleDay) -> Self:
        """A row as it is answered."""
        return cls.model_validate(found)


@router.get("/v1/exports/activity-days", summary="Events by day, channel and type", responses=PROBLEMS)
async def list_activity_days(
    principal: Reader,
    days: AskedDays,
    place: Annotated[ActivityPlace | None, after(ActivityPlace)],
    conn: Conn,
    limit: Limit = 100,
) -> Page[ActivityDay]:
    """Row by row, to take along; days on which nothing counts are not there."""
    found = await store.page_of_activity_days(conn, days, community=principal.community, after=place, limit=limit)
    return Page.of(found, limit, item=ActivityDay.of, place=lambda row: row.place)


@router.get("/v1/exports/member-days", summary="Events by member, day and channel", responses=PROBLEMS)
async def list_member_days(
    principal: Annotated[Principal, requires(Scope.ANALYTICS_READ, reads=IN_ANSWER)],
    shown: Shown,
    days: AskedDays,
    place: Annotated[MemberDayPlace | None, after(MemberDayPlace)],
    conn: Conn,
    limit: Limit = 100,
) -> Page[MemberDay]:
    """Row by row, in the order of the ids under which it happened; no names. The audit says whose were read."""
    found = await store.page_of_member_days(conn, days, community=principal.community, after=place, limit=limit)
    shown.of(*{row.member_id for row in found})
    return Page.of(found, limit, item=MemberDay.of, place=lambda row: row.place)


@router.get("/v1/exports/rule-days", summary="Points by day and rule", responses=PROBLEMS)
async def list_rule_days(
    principal: Reader,
    days: AskedDays,
    place: Annotated[RuleDayPlace | None, after(RuleDayPlace)],
    conn: Conn,
    limit: Limit = 100,
) -> Page[RuleDay]:
    """Row by row: what amends an award counts on the day of its event."""
    found = await store.page_of_rule_days(conn, days, community=principal.community, after=place, limit=limit)
    return Page.of(found, limit, item=RuleDay.of, place=lambda row: row.place)
