"""The routes of the network: what it is like, its ties, who connects it, and whom nobody turned to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.analytics.network.api.models import BridgeShown, NetworkShown, NewcomerShown, TieShown
from services.analytics.network.domain.network import Bridge, BridgePlace, Tie, TiePlace, network_of
from services.analytics.network.domain.ties import TieKind
from services.analytics.network.handlers import KEPT_TIES_COUNT, kept_days
from services.analytics.network.store import keeping, reading
from services.analytics.network.store.reading import AskedTies, NewcomerPlace
from services.analytics.periods.api import CSV_ANSWER, INVALID_DAYS, AskedCalendar, AskedDays, Reader, table
from services.analytics.settings import Settings
from shared.http import (
    Conn,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    Scope,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR
from shared.postgres import Connection

router = APIRouter(tags=["analytics"])

PROBLEMS = problem_responses(INVALID_DAYS)
PROBLEMS_OF_PAGES = problem_responses(INVALID_DAYS, INVALID_CURSOR)

OwnSettings = Annotated[Settings, configured(Settings)]
#: Who reads who turned to whom: it is noted.
MemberReader = Annotated[Principal, requires(Scope.ANALYTICS_READ, reads="member_id")]
Kind = Annotated[TieKind | None, Query(description="Only who answered, or only who thanked")]


@router.get("/v1/network", summary="What the network of members is like", responses=PROBLEMS)
async def get_network(
    principal: Reader,
    days: AskedDays,
    calendar: AskedCalendar,
    conn: Conn,
    settings: OwnSettings,
    kind: Kind = None,
) -> NetworkShown:
    """Who answers and thanks whom: how mutual that is, in how many parts, and by how few it is carried.

    It follows what is new within some seconds; who is merged is one. Of many ties, the network of the last 7, 30
    and 90 days is as a timer counted it at `counted_at`.
    """
    asked = AskedTies(principal.community, days, kind)
    kept = kept_days(asked, calendar, now=datetime.now(UTC))
    found = kept and await keeping.find_network(conn, kept)
    if found:
        return NetworkShown.shown(days, found.network, counted_at=found.counted_at)
    return NetworkShown.shown(days, network_of(await _load(conn, asked, settings=settings)), counted_at=None)


@router.get("/v1/ties", summary="Who turned to whom", responses=PROBLEMS_OF_PAGES)
async def get_ties(
    principal: MemberReader,
    days: AskedDays,
    calendar: AskedCalendar,
    conn: Conn,
    settings: OwnSettings,
    place: Annotated[TiePlace | None, after(TiePlace)],
    kind: Kind = None,
    limit: Limit = 100,
) -> Page[TieShown]:
    """Who did most often on top. The first 1,000 of many are of when `GET /v1/network` was counted."""
    asked = AskedTies(principal.community, days, kind)
    kept = kept_days(asked, calendar, now=datetime.now(UTC))
    known = kept and await keeping.find_network(conn, kept)
    found = await keeping.page_of_first_ties(conn, kept, after=place, limit_count=limit) if kept and known else []
    if not known or (len(found) < limit and known.network.ties > KEPT_TIES_COUNT):
        await _check(conn, asked, settings=settings)
        found = await reading.page_of_ties(conn, asked, after=place, limit_count=limit)
    names = await reading.load_names(
        conn, community=principal.community, member_ids={id_ for one in found for id_ in one.tie[:2]}
    )
    return Page.of(
        found,
        limit,
        item=lambda one: TieShown.shown(one.tie, names=names, is_mutual=one.is_mutual),
        place=lambda one: TiePlace(one.tie.times, one.tie.from_id, one.tie.to_id),
    )


@router.get(
    "/v1/ties.csv", summary="Ties as a table", response_class=Response, responses={**PROBLEMS, **CSV_ANSWER}
)
async def get_ties_csv(
    principal: MemberReader, days: AskedDays, conn: Conn, settings: OwnSettings, kind: Kind = None
) -> Response:
    """A line for each tie, by the ids of members: names are in the list."""
    ties = await _load(conn, AskedTies(principal.community, days, kind), settings=settings)
    most_first = sorted(ties, key=lambda tie: (-tie.times, tie.from_id, tie.to_id))
    return table("ties", ["from_member_id", "to_member_id", "times"], most_first)


@router.get("/v1/bridging-members", summary="Who connects others", responses=PROBLEMS_OF_PAGES)
async def get_bridging_members(
    principal: MemberReader,
    days: AskedDays,
    calendar: AskedCalendar,
    conn: Conn,
    settings: OwnSettings,
    place: Annotated[BridgePlace | None, after(BridgePlace)],
    kind: Kind = None,
    limit: Limit = 100,
) -> Page[BridgeShown]:
    """Without whom most would not be connected on top. They are of when `GET /v1/network` was counted."""
    asked = AskedTies(principal.community, days, kind)
    kept = kept_days(asked, calendar, now=datetime.now(UTC))
    shown: Sequence[Bridge]
    if kept and await keeping.find_network(conn, kept):
        shown = await keeping.page_of_bridges(conn, kept, after=place, limit_count=limit)
    else:
        rest = (
            one
            for one in network_of(await _load(conn, asked, settings=settings)).bridges
            if place is None or (-one.cut_off, one.member_id) > (-place.cut_off, place.member_id)
        )
        shown = list(islice(rest, limit))
    names = await reading.load_names(
        conn, community=principal.community, member_ids={one.member_id for one in shown}
    )
    return Page.of(
        shown,
        limit,
        item=lambda one: BridgeShown.shown(one, names=names),
        place=lambda one: BridgePlace(one.cut_off, one.member_id),
    )


@router.get("/v1/isolated-newcomers", summary="Newcomers whom nobody answered", responses=PROBLEMS_OF_PAGES)
async def get_isolated_newcomers(
    principal: MemberReader,
    days: AskedDays,
    conn: Conn,
    place: Annotated[NewcomerPlace | None, after(NewcomerPlace)],
    limit: Limit = 100,
) -> Page[NewcomerShown]:
    """Members whose first day is one of these, and whom nobody has ever answered or thanked; the newest first."""
    found = await reading.page_of_isolated(
        conn, community=principal.community, days=days, after=place, limit_count=limit
    )
    return Page.of(found, limit, item=NewcomerShown.shown, place=lambda one: one.place)


async def _load(conn: Connection, asked: AskedTies, *, settings: Settings) -> list[Tie]:
    """The ties asked for, in no order. Raises Problem 422 where there are more than a network is made of."""
    await _check(conn, asked, settings=settings)
    return await reading.load_ties(conn, asked)


async def _check(conn: Connection, asked: AskedTies, *, settings: Settings) -> None:
    """Raise Problem 422 where there are more ties than a network is made of."""
    most = settings.ties_max_count
    if await reading.count_rows(conn, asked, limit_count=most + 1) > most:
        detail = f"More than {most:,} ties are in these days: ask for less by `from` and `to`"
        raise Problem(INVALID_DAYS, detail, [FieldError(field="from", detail=detail)])
