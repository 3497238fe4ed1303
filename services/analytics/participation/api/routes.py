"""HTTP routes of participation and active members."""

from datetime import date
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.analytics.participation import domain
from services.analytics.participation.store import reading
from services.analytics.periods.api import (
    INVALID_DAYS,
    AskedCalendar,
    AskedDays,
    AskedPlace,
    FigureReader,
    Grain,
    page_of_periods,
)
from shared.calendars import Span
from shared.http import Conn, Limit, Page, problem_responses
from shared.http.problem_types import INVALID_CURSOR, TOO_MANY_READS

router = APIRouter(tags=["analytics"])

PROBLEMS = problem_responses(INVALID_DAYS, INVALID_CURSOR, TOO_MANY_READS)


class Period(BaseModel):
    """A whole period: the weeks and months that `from` and `to` fall into are counted whole."""

    starts_on: date
    ends_on: date = Field(description="Its last day")


class ChannelActivity(BaseModel):
    channel: str = Field(examples=["forum"])
    events: int
    active_members: int

    @classmethod
    def of(cls, activity: domain.ChannelActivity) -> Self:
        """A channel's activity as the API shows it."""
        return cls(channel=activity.channel, events=activity.events, active_members=activity.active_members)


class TypeActivity(BaseModel):
    type: str = Field(examples=["forum.reply.v1"])
    events: int

    @classmethod
    def of(cls, activity: domain.TypeActivity) -> Self:
        """A type's activity as the API shows it."""
        return cls(type=activity.type, events=activity.events)


class PeriodActivity(Period):
    """What members did in a period. Retractions, and events that were retracted, do not count."""

    events: int
    active_members: int = Field(
        description="Members with at least one event; a member of two channels counts once"
    )
    channels: list[ChannelActivity]
    types: list[TypeActivity]

    @classmethod
    def of(cls, span: Span, activity: domain.Activity) -> Self:
        """A period's activity as the API shows it."""
        return cls(
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            events=activity.events,
            active_members=activity.active_members,
            channels=[ChannelActivity.of(channel) for channel in activity.channels],
            types=[TypeActivity.of(kind) for kind in activity.types],
        )


@router.get("/v1/participation", summary="Events and active members over time", responses=PROBLEMS)
async def get_participation(
    principal: FigureReader,
    days: AskedDays,
    place: AskedPlace,
    calendar: AskedCalendar,
    conn: Conn,
    by: Grain = "day",
    limit: Limit = 100,
) -> Page[PeriodActivity]:
    """By day, week or month of event time, and within it by channel and by type. Quiet periods are zero."""
    page = page_of_periods(by, days, place, limit, calendar)
    found = await reading.load_activities(conn, community=principal.community, spans=page.spans)
    return page.of(PeriodActivity.of, found, quiet=domain.Activity())


class PeriodActiveMembers(Period):
    active_members: int

    @classmethod
    def of(cls, span: Span, active_members: int) -> Self:
        """A period's active members as the API shows them."""
        return cls(starts_on=span.starts_on, ends_on=span.ends_on, active_members=active_members)


@router.get("/v1/active-members", summary="Daily, weekly or monthly active members", responses=PROBLEMS)
async def get_active_members(
    principal: FigureReader,
    days: AskedDays,
    place: AskedPlace,
    calendar: AskedCalendar,
    conn: Conn,
    period: Grain = "day",
    limit: Limit = 100,
) -> Page[PeriodActiveMembers]:
    """DAU, WAU or MAU: members with at least one event in each day, week or calendar month."""
    page = page_of_periods(period, days, place, limit, calendar)
    found = await reading.load_active_members(conn, community=principal.community, spans=page.spans)
    return page.of(PeriodActiveMembers.of, found, quiet=0)
