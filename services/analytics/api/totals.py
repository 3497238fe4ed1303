"""HTTP routes of the read models: participation, active and new members, points by rule, totals."""

from collections.abc import Sequence
from datetime import date, timedelta

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.analytics.api.questions import AskedDays, Grain, Reader, page_of_periods, storable
from services.analytics.domain.periods import Span
from services.analytics.store import totals
from shared.http import PROBLEMS, After, Limit, Page, decode_cursor, encode_cursor

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
        found = await totals.participation(conn, principal.community, by, spans[0].starts_on, spans[-1].ends_on)
    quiet = totals.Activity()
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
        found = await totals.active_members(
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
        found = await totals.new_members(
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


class RulePoints(BaseModel):
    """What a rule gave: `points` are net of reversals."""

    rule_id: str = Field(examples=["helpful-answer"])
    title: str | None = Field(description="Of the newest programme version that has the rule")
    points: int
    awards: int
    reversals: int


@router.get("/v1/points-by-rule", summary="Points awarded by each rule", responses=PROBLEMS)
async def get_points_by_rule(
    request: Request, principal: Reader, days: AskedDays, limit: Limit = 100, after: After = None
) -> Page[RulePoints]:
    """For events of those UTC days; a reversal counts on the day of the event it takes back."""
    key = decode_cursor(after, str)
    async with request.app.state.pool.acquire() as conn:
        rows = await totals.points_by_rule(
            conn, principal.community, days.first, days.last, storable(key[0]) if key else "", limit
        )
    return Page(
        items=[RulePoints(**dict(row)) for row in rows],
        next=encode_cursor(rows[-1]["rule_id"]) if len(rows) == limit else None,
    )


class StateTotal(BaseModel):
    state: str = Field(examples=["confirmed"])
    number: int
    points: int


class PayoutTotal(StateTotal):
    amount_minor: int = Field(description="In the currency's minor unit")
    currency: str = Field(examples=["EUR"])


class Summary(BaseModel):
    """What there is in all."""

    members: int
    events: int = Field(description="Participation: without retractions and what was retracted")
    rejections: int
    awards: int
    reversals: int
    points: int = Field(description="Net of reversals")
    granted: int = Field(description="Badges and levels granted")
    taken_back: int = Field(description="Badges and levels taken back")
    redemptions: list[StateTotal]
    payouts: list[PayoutTotal]


@router.get("/v1/summary", summary="What there is in all", responses=PROBLEMS)
async def get_summary(request: Request, principal: Reader) -> Summary:
    """Totals of the community, as far as the topics have been read."""
    async with request.app.state.pool.acquire() as conn:
        found = await totals.summary(conn, principal.community)
    lists: dict[str, Sequence[StateTotal]] = {
        "redemptions": [StateTotal(**dict(row)) for row in found.pop("redemptions")],
        "payouts": [PayoutTotal(**dict(row)) for row in found.pop("payouts")],
    }
    return Summary(**found, **lists)
