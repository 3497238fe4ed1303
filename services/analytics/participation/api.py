"""HTTP routes of participation and active members."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self

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
    Reader,
    page_of_periods,
)
from services.analytics.periods.domain import periods
from services.analytics.periods.shares import ShareShown
from shared.calendars import Span
from shared.http import Conn, FieldError, Limit, Page, Problem, problem_responses
from shared.http.problem_types import INVALID_CURSOR, TOO_MANY_READS

router = APIRouter(tags=["analytics"])

#: Months in one answer about stickiness.
MONTHS_MAX_COUNT: Final = 24
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


class MonthStickiness(Period):
    """How often those who are active in a month are active: the mean of its days by all of the month."""

    active_members: int = Field(description="In the calendar month (MAU)", examples=[4])
    daily_sum: int = Field(description="Of the active members of each day (DAU)", examples=[5])
    days: int = Field(
        description="Of the month, those on which nobody was active too; none to come", examples=[31]
    )
    stickiness: ShareShown = Field(description="`daily_sum` by `days` times `active_members`")


class Stickiness(BaseModel):
    """How often the active come: on a day by the 28 that end with it, and in months."""

    day: date
    active_on_day: int = Field(examples=[2])
    active_in_28_days: int = Field(description="In the 28 local days that end with it", examples=[3])
    stickiness: ShareShown = Field(description="Of those active in the 28 days who were on the day")
    months: list[MonthStickiness] = Field(description="That the days asked for fall into, each whole")


@router.get("/v1/stickiness", summary="How often the active come", responses=problem_responses(INVALID_DAYS))
async def get_stickiness(principal: Reader, days: AskedDays, calendar: AskedCalendar, conn: Conn) -> Stickiness:
    """DAU by MAU: of the day `to` by 28 days, in which each weekday is as often; and of up to 24 whole months."""
    today = calendar.day_of(datetime.now(UTC))
    spans, following = periods("month", days.starts_on, days.ends_on, MONTHS_MAX_COUNT, calendar)
    if following is not None:
        detail = f"These are more than {MONTHS_MAX_COUNT} months: ask for less by `from` and `to`"
        raise Problem(INVALID_DAYS, detail, [FieldError(field="from", detail=detail)])

    async def active(*those: Span) -> dict[date, int]:
        return await reading.load_active_members(conn, community=principal.community, spans=those)

    day, window = days.ends_on, Span(days.ends_on - timedelta(days=27), days.ends_on)
    each = periods("day", spans[0].starts_on, spans[-1].ends_on, MONTHS_MAX_COUNT * 31, calendar)[0]
    on_day, in_window = await active(Span(day, day)), await active(window)
    by_day, by_month = await active(*each), await active(*spans)
    return Stickiness(
        day=day,
        active_on_day=on_day.get(day, 0),
        active_in_28_days=in_window.get(window.starts_on, 0),
        stickiness=_stickiness(on_day.get(day, 0), in_window.get(window.starts_on, 0)),
        months=[_month(span, by_day, by_month.get(span.starts_on, 0), today=today) for span in spans],
    )


def _month(span: Span, by_day: Mapping[date, int], active: int, *, today: date) -> MonthStickiness:
    days = max(0, (min(span.ends_on, today) - span.starts_on).days + 1)
    daily_sum = sum(number for day, number in by_day.items() if span.starts_on <= day <= span.ends_on)
    return MonthStickiness(
        starts_on=span.starts_on,
        ends_on=span.ends_on,
        active_members=active,
        daily_sum=daily_sum,
        days=days,
        stickiness=_stickiness(daily_sum, days * active),
    )


def _stickiness(number: int, of: int) -> ShareShown:
    return ShareShown.of_counts(number, of, why_none="nobody was active")
