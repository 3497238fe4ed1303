"""The routes of slices beside one another."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, NamedTuple, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.analytics.audiences.store import load_titles
from services.analytics.periods.api import CSV_ANSWER, AskedCalendar, Reader, ShareShown, table
from services.analytics.retention.api.asking import OwnSettings, WeekOrMonth
from services.analytics.retention.api.models import PeriodGrowth
from services.analytics.retention.api.slicing import INVALID_SLICE, checked_kind
from services.analytics.retention.domain.slices import Kind, SliceFigures
from services.analytics.retention.store import slices
from services.analytics.settings import Settings
from shared.calendars import Calendar, Span
from shared.http import Conn, Day, Limit, Page, after, problem_responses
from shared.http.problem_types import INVALID_CURSOR
from shared.postgres import Connection

router = APIRouter(tags=["analytics"])

#: Slices in one table.
TABLE_MAX_COUNT = 1_000


class SlicePlace(NamedTuple):
    """A slice's place in the list: its value."""

    value: str


class SliceShown(BaseModel):
    """A slice in a period. Of one with few members nothing is shown but that."""

    value: str = Field(description="The audience, channel or value", examples=["helpers"])
    title: str | None = Field(description="Of an audience that the programme declares", examples=["Helpers"])
    is_small: bool = Field(
        description="Fewer than `PLAUDIT_SLICE_MEMBERS_MIN_COUNT` were ever active in it", examples=[False]
    )
    members: int | None = Field(description="Ever active in it; null where it is small", examples=[24])
    events: int | None = Field(description="In the period", examples=[310])
    growth: PeriodGrowth | None = Field(description="Of those active in the slice")
    stickiness: ShareShown | None = Field(
        description="Active members of each day that has begun, added up, by days times those of the period"
    )
    new_members: int | None = Field(description="New to the community in the period, and in it", examples=[4])
    activated: ShareShown | None = Field(description="Of the new, so far")

    @classmethod
    def shown(cls, one: SliceFigures, *, title: str | None, least: int, span: Span, today: date) -> Self:
        """A slice as the API shows it."""
        if one.members < least:
            nothing = dict.fromkeys(("members", "events", "growth", "stickiness", "new_members", "activated"))
            return cls(value=one.value, title=title, is_small=True, **nothing)
        days = max(0, (min(span.ends_on, today) - span.starts_on).days + 1)
        return cls(
            value=one.value,
            title=title,
            is_small=False,
            members=one.members,
            events=one.events,
            growth=PeriodGrowth.shown(span, one.growth, today=today),
            stickiness=ShareShown.of_counts(
                one.member_days, days * one.growth.active, why_none="nobody was active"
            ),
            new_members=one.newcomers,
            activated=ShareShown.of_counts(one.activated, one.newcomers, why_none="nobody was new"),
        )


By = Annotated[
    str,
    Query(max_length=64, description="`audience`, `channel`, or an attribute of `PLAUDIT_SLICE_ATTRIBUTES`"),
]
InPeriod = Annotated[Day | None, Query(description="Any day of the period; today by default")]


@router.get(
    "/v1/slices",
    summary="Audiences, channels or values of an attribute beside one another",
    responses=problem_responses(INVALID_SLICE, INVALID_CURSOR),
)
async def get_slices(
    principal: Reader,
    calendar: AskedCalendar,
    conn: Conn,
    settings: OwnSettings,
    place: Annotated[SlicePlace | None, after(SlicePlace)],
    by: By = Kind.AUDIENCE,
    period: WeekOrMonth = "month",
    day: InPeriod = None,
    limit: Limit = 100,
) -> Page[SliceShown]:
    """In a week or month: who was active in each slice, why that changed, what they did, and who was new.

    A slice is what was done in it, as of the end of its day: by who was in the audience, by those of whom the
    attribute says so, or on the channel. Members of several audiences or channels are in each.
    """
    kind, span = checked_kind("by", by, settings), _period(period, day, calendar)
    found = await slices.page_of_slices(
        conn,
        community=principal.community,
        kind=kind,
        by=period,
        span=span,
        after=place.value if place else None,
        limit_count=limit + 1,
    )
    shown = await _shown(
        conn, found, community=principal.community, kind=kind, span=span, settings=settings, calendar=calendar
    )
    return Page.of(shown, limit, item=lambda one: one, place=lambda one: SlicePlace(one.value))


@router.get(
    "/v1/slices.csv",
    summary="Slices as a table",
    response_class=Response,
    responses={**problem_responses(INVALID_SLICE), **CSV_ANSWER},
)
async def get_slices_csv(
    principal: Reader,
    calendar: AskedCalendar,
    conn: Conn,
    settings: OwnSettings,
    by: By = Kind.AUDIENCE,
    period: WeekOrMonth = "month",
    day: InPeriod = None,
) -> Response:
    """A line for each slice, of 1,000 at most; of one with few members its name alone."""
    kind, span = checked_kind("by", by, settings), _period(period, day, calendar)
    found = await slices.page_of_slices(
        conn,
        community=principal.community,
        kind=kind,
        by=period,
        span=span,
        after=None,
        limit_count=TABLE_MAX_COUNT,
    )
    shown = await _shown(
        conn, found, community=principal.community, kind=kind, span=span, settings=settings, calendar=calendar
    )
    counts = ("active_members", "new", "retained", "resurrected", "churned")
    rows = [
        [
            one.value,
            one.title or "",
            one.members,
            one.events,
            *(getattr(one.growth, name, None) for name in counts),
            one.new_members,
            one.activated.number if one.activated else None,
        ]
        for one in shown
    ]
    headings = ["slice", "title", "members", "events", *counts, "new_members", "activated"]
    return table("slices", headings, [["" if cell is None else cell for cell in row] for row in rows])


def _period(by: WeekOrMonth, day: date | None, calendar: Calendar) -> Span:
    return calendar.period_of(by, day or calendar.day_of(datetime.now(UTC)))


async def _shown(
    conn: Connection,
    found: Sequence[SliceFigures],
    *,
    community: str,
    kind: str,
    span: Span,
    settings: Settings,
    calendar: Calendar,
) -> list[SliceShown]:
    titles = await load_titles(conn, community=community) if kind == Kind.AUDIENCE else {}
    today, least = calendar.day_of(datetime.now(UTC)), settings.slice_members_min_count
    return [
        SliceShown.shown(one, title=titles.get(one.value), least=least, span=span, today=today) for one in found
    ]
