"""The routes of how often the active come, and how events are spread over channels."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.analytics.participation.api.routes import Period
from services.analytics.participation.domain import mix_of
from services.analytics.participation.store import reading
from services.analytics.periods.api import (
    CSV_ANSWER,
    INVALID_DAYS,
    AskedCalendar,
    AskedDays,
    AskedPlace,
    Grain,
    Reader,
    ShareShown,
    cut_periods,
    page_of_periods,
    table,
)
from services.analytics.periods.domain import largest, periods
from services.analytics.settings import Settings
from shared.calendars import Calendar, Span
from shared.http import Conn, FieldError, Limit, Page, Problem, configured, problem_responses
from shared.http.problem_types import INVALID_CURSOR
from shared.postgres import Connection

router = APIRouter(tags=["analytics"])

#: Months in one answer about stickiness.
MONTHS_MAX_COUNT: Final = 24
PROBLEMS = problem_responses(INVALID_DAYS)
OwnSettings = Annotated[Settings, configured(Settings)]


class ChannelShare(BaseModel):
    """What a channel has of all events."""

    channel: str | None = Field(description="Null: those beyond the largest, together", examples=["forum"])
    events: int = Field(examples=[70])
    share: float = Field(examples=[0.7])


class PeriodMix(Period):
    """How the events of a period are spread over channels."""

    events: int = Field(examples=[100])
    largest_share: float | None = Field(description="Of the largest channel; null without events", examples=[0.7])
    effective_channels: float | None = Field(
        description="So many of one size are as concentrated: 1 by the sum of squared shares",
        examples=[1.72],
    )
    channels: list[ChannelShare] = Field(description="At most `PLAUDIT_SLICES_MAX_COUNT`, the largest first")

    @classmethod
    def shown(cls, span: Span, events: Mapping[str, int], *, slices_max_count: int) -> Self:
        """A period as the API shows it."""
        mix = mix_of(events)
        names = largest(events, slices_max_count)
        parts: list[tuple[str | None, int]] = [(name, events[name]) for name in names]
        if rest := mix.events - sum(number for _, number in parts):
            parts.append((None, rest))
        return cls(
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            events=mix.events,
            largest_share=None if mix.largest_share is None else round(float(mix.largest_share), 4),
            effective_channels=None if mix.effective is None else round(float(mix.effective), 4),
            channels=[
                ChannelShare(channel=name, events=number, share=round(number / mix.events, 4))
                for name, number in parts
            ],
        )


@router.get(
    "/v1/channel-mix",
    summary="How events are spread over channels",
    responses=problem_responses(INVALID_DAYS, INVALID_CURSOR),
)
async def get_channel_mix(
    principal: Reader,
    days: AskedDays,
    place: AskedPlace,
    calendar: AskedCalendar,
    conn: Conn,
    settings: OwnSettings,
    by: Grain = "week",
    limit: Limit = 100,
) -> Page[PeriodMix]:
    """By day, week or month: the share of each channel, and how many effective channels there are."""
    page = page_of_periods(by, days, place, limit, calendar)
    found = await reading.load_channels(conn, community=principal.community, spans=page.spans)

    def shown(span: Span, events: Mapping[str, int]) -> PeriodMix:
        return PeriodMix.shown(span, events, slices_max_count=settings.slices_max_count)

    return page.of(shown, found, quiet={})


@router.get(
    "/v1/channel-mix.csv",
    summary="The channel mix as a table",
    response_class=Response,
    responses={**PROBLEMS, **CSV_ANSWER},
)
async def get_channel_mix_csv(
    principal: Reader,
    days: AskedDays,
    calendar: AskedCalendar,
    conn: Conn,
    settings: OwnSettings,
    by: Grain = "week",
) -> Response:
    """A line for each period and channel; the first and last period are cut to the days asked for."""
    spans = cut_periods(by, days, calendar)
    found = await reading.load_channels(conn, community=principal.community, spans=spans)
    rows = [
        [span.starts_on, span.ends_on, one.channel, one.events, one.share]
        for span in spans
        for one in PeriodMix.shown(
            span, found.get(span.starts_on, {}), slices_max_count=settings.slices_max_count
        ).channels
    ]
    return table("channel-mix", ["starts_on", "ends_on", "channel", "events", "share"], rows)


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


@router.get("/v1/stickiness", summary="How often the active come", responses=PROBLEMS)
async def get_stickiness(principal: Reader, days: AskedDays, calendar: AskedCalendar, conn: Conn) -> Stickiness:
    """DAU by MAU: of the day `to` by 28 days, in which each weekday is as often; and of up to 24 whole months."""
    return await _stickiness_of(conn, principal.community, days=days, calendar=calendar)


@router.get(
    "/v1/stickiness.csv",
    summary="Stickiness as a table",
    response_class=Response,
    responses={**PROBLEMS, **CSV_ANSWER},
)
async def get_stickiness_csv(principal: Reader, days: AskedDays, calendar: AskedCalendar, conn: Conn) -> Response:
    """A line for each month."""
    found = await _stickiness_of(conn, principal.community, days=days, calendar=calendar)
    headings = ["starts_on", "ends_on", "active_members", "daily_sum", "days"]
    rows = [[*(getattr(one, name) for name in headings), one.stickiness.cell] for one in found.months]
    return table("stickiness", [*headings, "stickiness"], rows)


async def _stickiness_of(conn: Connection, community: str, *, days: Span, calendar: Calendar) -> Stickiness:
    today = calendar.day_of(datetime.now(UTC))
    spans, following = periods("month", days.starts_on, days.ends_on, MONTHS_MAX_COUNT, calendar)
    if following is not None:
        detail = f"These are more than {MONTHS_MAX_COUNT} months: ask for less by `from` and `to`"
        raise Problem(INVALID_DAYS, detail, [FieldError(field="from", detail=detail)])

    async def active(*those: Span) -> dict[date, int]:
        return await reading.load_active_members(conn, community=community, spans=those)

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
