"""HTTP routes of participation, active and new members."""

from datetime import date, timedelta

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.analytics.participation.store import reading
from services.analytics.periods.api import AskedDays, Grain, Reader, page_of_periods
from services.analytics.periods.domain import Span
from shared.http import PROBLEMS, After, Limit, Page

router = APIRouter(tags=["analytics"])


class Period(BaseModel):
    """A whole period: the weeks and months that `from` and `to` fall into are counted whole."""

    starts_on: date
    ends_on: date = Field(description="Its last day")


class ChannelActivity(BaseModel):
    channel: str = Field(examples=["forum"])
    events: int
    active_members: int


class TypeActivity(BaseModel):
    type: str = Field(examples=["forum.reply.v1"])
    events: int


class PeriodActivity(Period):
    """What members did in a period. Retractions, and events that were retracted, do not count."""

    events: int
    active_members: int = Field(
        description="Members with at least one event; a member of two channels counts once"
    )
    channels: list[ChannelActivity]
    types: list[TypeActivity]


@router.get("/v1/participation", summary="Events and active members over time", responses=PROBLEMS)
async def get_participation(
    request: Request,
    principal: Reader,
    days: AskedDays,
    by: Grain = "day",
    limit: Limit = 100,
    after: After = None,
) -> Page[PeriodActivity]:
    """By day, week or month of event time, and within it by channel and by type. Quiet periods are nought."""
    spans, following = page_of_periods(by, days, after, limit)
    if not spans:
        return Page(items=[], next=None)
    async with request.app.state.pool.acquire() as conn:
        found = await reading.participation(conn, principal.community, by, spans[0].starts_on, spans[-1].ends_on)
    quiet = reading.Activity()
    items = []
    for span in spans:
        activity = found.get(span.starts_on, quiet)
        items.append(
            PeriodActivity(
                starts_on=span.starts_on,
                ends_on=span.ends_on,
                events=activity.events,
                active_members=activity.active_members,
                channels=[
                    ChannelActivity(channel=channel, events=events, active_members=members)
                    for channel, (events, members) in sorted(activity.channels.items())
                ],
                types=[TypeActivity(type=kind, events=events) for kind, events in sorted(activity.types.items())],
            )
        )
    return Page(items=items, next=following)


class PeriodActiveMembers(Period):
    active_members: int


@router.get("/v1/active-members", summary="Daily, weekly or monthly active members", responses=PROBLEMS)
async def get_active_members(
    request: Request,
    principal: Reader,
    days: AskedDays,
    period: Grain = "day",
    limit: Limit = 100,
    after: After = None,
) -> Page[PeriodActiveMembers]:
    """DAU, WAU or MAU: members with at least one event in each UTC day, ISO week or calendar month."""
    spans, following = page_of_periods(period, days, after, limit)
    if not spans:
        return Page(items=[], next=None)
    async with request.app.state.pool.acquire() as conn:
        found = await reading.active_members(
            conn, principal.community, period, spans[0].starts_on, spans[-1].ends_on
        )
    return Page(
        items=[
            PeriodActiveMembers(
                starts_on=span.starts_on, ends_on=span.ends_on, active_members=found.get(span.starts_on, 0)
            )
            for span in spans
        ],
        next=following,
    )


class ChannelAcquisition(BaseModel):
    channel: str
    new_members: int


class PeriodAcquisition(Period):
    """Members whose first event was in a period, by the channel where that was."""

    new_members: int
    channels: list[ChannelAcquisition]


@router.get("/v1/acquisition", summary="New members over time", responses=PROBLEMS)
async def get_acquisition(
    request: Request,
    principal: Reader,
    days: AskedDays,
    by: Grain = "day",
    limit: Limit = 100,
    after: After = None,
) -> Page[PeriodAcquisition]:
    """A member is new with the first event of theirs on any channel, even if that was retracted later."""
    spans, following = page_of_periods(by, days, after, limit)
    if not spans:
        return Page(items=[], next=None)
    async with request.app.state.pool.acquire() as conn:
        found = await reading.new_members(
            conn, principal.community, by, spans[0].starts_on, spans[-1].ends_on + timedelta(days=1)
        )
    return Page(items=[_acquisition(span, found.get(span.starts_on, {})) for span in spans], next=following)


def _acquisition(span: Span, channels: dict[str, int]) -> PeriodAcquisition:
    return PeriodAcquisition(
        starts_on=span.starts_on,
        ends_on=span.ends_on,
        new_members=sum(channels.values()),
        channels=[
            ChannelAcquisition(channel=channel, new_members=count) for channel, count in sorted(channels.items())
        ],
    )
