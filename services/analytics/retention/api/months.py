"""The routes of levels and of concentration: what people's months come to."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.analytics.participation.api.routes import Period
from services.analytics.periods.api import CSV_ANSWER, INVALID_DAYS, Reader, ShareShown, table
from services.analytics.retention.api.asking import Asked, AskedPlace, Asking
from services.analytics.retention.domain.concentration import NOTHING, TOP, Concentration
from services.analytics.retention.domain.love import NO_LEVEL, Orbit, gravity
from services.analytics.retention.store import months
from services.analytics.retention.store.months import Direction, Mover, MoverPlace
from shared.calendars import Span
from shared.http import Conn, Day, Limit, Page, Principal, Scope, after, problem_responses, requires
from shared.http.problem_types import INVALID_CURSOR
from shared.postgres import Connection

router = APIRouter(tags=["analytics"])

PROBLEMS = problem_responses(INVALID_DAYS, INVALID_CURSOR)
NOBODY_ACTIVE = "nobody was active"


class LevelsShown(BaseModel):
    """Members on each level of the Orbit model, version 1, by their love."""

    level_1: int = Field(description="Love 1.5 or more", examples=[1])
    level_2: int = Field(description="From 1 to below 1.5", examples=[4])
    level_3: int = Field(description="From 0.5 to below 1", examples=[8])
    level_4: int = Field(description="Less: everybody else who ever took part", examples=[17])


class GravityShown(BaseModel):
    """How much more committed members became, for each who was there at the month's beginning."""

    number: int = Field(description="What the squares of the members' weights grew by", examples=[63])
    of: int = Field(description="Members at the beginning", examples=[30])
    value: float | None = Field(description="The quotient; null where there were none", examples=[2.1])
    why_none: str | None = Field(None, examples=[None])


class MonthOrbit(Period):
    """Who is on which level at a month's end, or now, and how they came there."""

    is_over: bool = Field(description="What is under way may still change")
    members: int = Field(description="Whoever ever took part until then", examples=[30])
    levels: LevelsShown
    joined: int = Field(description="Had no level before", examples=[2])
    rose: int = Field(examples=[3])
    fell: int = Field(description="A tenth of love goes with each month that begins", examples=[1])
    gravity: GravityShown

    @classmethod
    def shown(cls, span: Span, before: Orbit, orbit: Orbit, *, today: date) -> Self:
        """A month as the API shows it."""
        number, of = gravity(before, orbit)
        levels = {f"level_{level}": orbit.levels.get(level, 0) for level in (1, 2, 3, 4)}
        return cls(
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            is_over=span.ends_on < today,
            members=orbit.members,
            levels=LevelsShown(**levels),
            joined=orbit.joined,
            rose=orbit.rose,
            fell=orbit.fell,
            gravity=GravityShown(
                number=number,
                of=of,
                value=round(number / of, 4) if of else None,
                why_none=None if of else "nobody was there before",
            ),
        )


@router.get("/v1/orbit", summary="Members by level of the Orbit model", responses=PROBLEMS)
async def get_orbit(
    principal: Reader, asked: Asked, conn: Conn, place: AskedPlace, limit: Limit = 100
) -> Page[MonthOrbit]:
    """By month, as far as they have begun: how many are on each level, who moved, and gravity.

    Love is one for each event, and a tenth less with each calendar month that begins since.
    """
    page = asked.page("month", place, limit)
    begun = [span for span in page.spans if span.starts_on <= asked.today]
    shown = await _orbits(conn, principal.community, asked=asked, spans=begun)
    return Page(items=shown, next=page.next if len(begun) == len(page.spans) else None)


@router.get(
    "/v1/orbit.csv",
    summary="Levels as a table",
    response_class=Response,
    responses={**problem_responses(INVALID_DAYS), **CSV_ANSWER},
)
async def get_orbit_csv(principal: Reader, asked: Asked, conn: Conn) -> Response:
    """A line for each month that has begun."""
    begun = [span for span in asked.all_of("month") if span.starts_on <= asked.today]
    rows = [
        [
            one.starts_on,
            one.ends_on,
            one.is_over,
            one.members,
            *one.levels.model_dump().values(),
            one.joined,
            one.rose,
            one.fell,
            one.gravity.number,
            one.gravity.of,
        ]
        for one in await _orbits(conn, principal.community, asked=asked, spans=begun)
    ]
    levels = [f"level_{level}" for level in (1, 2, 3, 4)]
    days = ["starts_on", "ends_on", "is_over", "members"]
    ways = ["joined", "rose", "fell", "commitment_grew_by", "members_before"]
    return table("orbit", [*days, *levels, *ways], rows)


async def _orbits(conn: Connection, community: str, *, asked: Asking, spans: Sequence[Span]) -> list[MonthOrbit]:
    if not spans:
        return []
    first = asked.calendar.period_of("month", spans[0].starts_on - timedelta(days=1))
    found = await months.load_orbits(conn, community=community, spans=[first, *spans])
    return [
        MonthOrbit.shown(span, found[before.starts_on], found[span.starts_on], today=asked.today)
        for before, span in zip([first, *spans], spans, strict=False)
    ]


class MoverShown(BaseModel):
    """Somebody who came to another level in a month."""

    member_id: str
    name: str | None
    level_before: int | None = Field(description="Null: they were never there before", examples=[3])
    level: int = Field(examples=[2])
    love: float = Field(description="With which they came there", examples=[1.2])

    @classmethod
    def shown(cls, mover: Mover) -> Self:
        """Somebody as the API shows them."""
        return cls(
            member_id=mover.member_id,
            name=mover.name,
            level_before=None if mover.level_before == NO_LEVEL else mover.level_before,
            level=mover.level,
            love=round(mover.love, 4),
        )


@router.get("/v1/orbit-moves", summary="Who came to another level", responses=PROBLEMS)
async def get_orbit_moves(
    principal: Annotated[Principal, requires(Scope.ANALYTICS_READ, reads="member_id")],
    asked: Asked,
    conn: Conn,
    place: Annotated[MoverPlace | None, after(MoverPlace)],
    day: Annotated[Day | None, Query(description="Any day of the month; today by default")] = None,
    direction: Annotated[Direction | None, Query(description="Only who rose or joined, or only who fell")] = None,
    limit: Limit = 100,
) -> Page[MoverShown]:
    """In one month; in one to come who falls then if they do nothing."""
    month = asked.calendar.period_of("month", day or asked.today).starts_on
    found = await months.page_of_movers(
        conn, community=principal.community, month=month, direction=direction, after=place, limit_count=limit
    )
    return Page.of(found, limit, item=MoverShown.shown, place=lambda one: one.place)


class MonthConcentration(Period):
    """On how few members a month's activity rests."""

    active_members: int = Field(examples=[120])
    events: int = Field(examples=[900])
    absence_factor: int | None = Field(
        description="The fewest members with half of the events or more; null where there are none", examples=[9]
    )
    top_percent: ShareShown = Field(description="Events of the most active hundredth, at least one member")
    top_tenth: ShareShown = Field(description="Events of the most active tenth, at least one member")

    @classmethod
    def shown(cls, span: Span, found: Concentration) -> Self:
        """A month as the API shows it."""
        percent, tenth = (
            ShareShown.of_counts(found.of_top(share), found.events, why_none=NOBODY_ACTIVE) for share in TOP
        )
        return cls(
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            active_members=found.members,
            events=found.events,
            absence_factor=found.absence_factor,
            top_percent=percent,
            top_tenth=tenth,
        )


@router.get("/v1/concentration", summary="On how few members activity rests", responses=PROBLEMS)
async def get_concentration(
    principal: Reader, asked: Asked, conn: Conn, place: AskedPlace, limit: Limit = 100
) -> Page[MonthConcentration]:
    """By month: the absence factor of events, and how much the most active do of all."""
    page = asked.page("month", place, limit)
    found = await months.load_concentrations(conn, community=principal.community, spans=page.spans)
    return page.of(MonthConcentration.shown, found, quiet=NOTHING)


@router.get(
    "/v1/concentration.csv",
    summary="Concentration as a table",
    response_class=Response,
    responses={**problem_responses(INVALID_DAYS), **CSV_ANSWER},
)
async def get_concentration_csv(principal: Reader, asked: Asked, conn: Conn) -> Response:
    """A line for each month."""
    spans = asked.all_of("month")
    found = await months.load_concentrations(conn, community=principal.community, spans=spans)
    rows = []
    for span in spans:
        one = MonthConcentration.shown(span, found.get(span.starts_on, NOTHING))
        top = [one.top_percent.number, one.top_percent.cell, one.top_tenth.number, one.top_tenth.cell]
        rows.append([one.starts_on, one.ends_on, one.active_members, one.events, one.absence_factor, *top])
    headings = ["starts_on", "ends_on", "active_members", "events", "absence_factor"]
    return table(
        "concentration",
        [*headings, "top_percent", "top_percent_share", "top_tenth", "top_tenth_share"],
        rows,
    )
