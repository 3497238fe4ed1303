"""The card of a community, from what other capabilities keep."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.analytics.decisions import store as decisions
from services.analytics.goals import handlers as goals
from services.analytics.scorecard.domain.reading import (
    Gauge,
    Reading,
    card,
    gauges,
)
from services.analytics.scorecard.domain.weeks import (
    goal_counts,
    weeks_before,
)
from services.analytics.scorecard.store import weeks as store
from services.analytics.scorecard.store.gauges import find_gauges, is_large, put_gauges
from services.analytics.settings import Settings
from services.analytics.turns.handlers import take_turns
from services.analytics.turns.store import Turns
from shared.calendars import Calendar, Span
from shared.contracts.figures import IndicatorName
from shared.followed_communities import load_calendar
from shared.postgres import Connection
from shared.transaction import Transaction

GAUGE_EVERY_SECONDS: Final = 60.0
#: Communities that one transaction counts.
GAUGED_COUNT: Final = 5


async def load_current_card(
    conn: Connection, *, community: str, calendar: Calendar, now: datetime, activation_days: int
) -> tuple[Sequence[Span], list[Reading]]:
    """The weeks up to today, and all indicators by them.

    Of a large community they are the weeks up to yesterday until a timer has counted those up to today: after
    midnight nobody waits for that.
    """
    day = calendar.day_of(now)
    for spans in (weeks_before(day), weeks_before(day - timedelta(days=1))):
        terms = _terms(calendar, spans, activation_days=activation_days)
        if kept := await find_gauges(conn, community=community, terms=terms):
            return spans, await _card(conn, kept, community=community, spans=spans)
    spans = weeks_before(day)
    return spans, await load_card(
        conn, community=community, calendar=calendar, spans=spans, now=now, activation_days=activation_days
    )


async def load_card(
    conn: Connection,
    *,
    community: str,
    calendar: Calendar,
    spans: Sequence[Span],
    now: datetime,
    activation_days: int,
) -> list[Reading]:
    """All indicators by the weeks of `spans`, oldest first, in the order of the practices.

    Of a large community they are as a timer counted them last, where it counted these weeks.
    """
    terms = _terms(calendar, spans, activation_days=activation_days)
    measured = await find_gauges(conn, community=community, terms=terms)
    if measured is None:
        measured = await _measure(
            conn, community=community, calendar=calendar, spans=spans, now=now, activation_days=activation_days
        )
    return await _card(conn, measured, community=community, spans=spans)


async def _card(
    conn: Connection, measured: Mapping[IndicatorName, Gauge], *, community: str, spans: Sequence[Span]
) -> list[Reading]:
    ends = [span.ends_on for span in spans]
    return card(
        measured,
        aims=await decisions.load_aims(conn, community=community),
        ends=ends,
        day=ends[-1] + timedelta(days=1),
    )


async def keep_gauges(tx: Transaction[Settings]) -> bool:
    """Count the scorecards of large communities for today; a timer calls this while it returns True."""
    return await take_turns(
        tx,
        lambda community: keep(tx, community=community),
        turns=Turns.SCORECARD,
        every=timedelta(minutes=tx.settings.scorecard_check_minutes),
        limit_count=GAUGED_COUNT,
    )


async def keep(tx: Transaction[Settings], *, community: str) -> None:
    """Count the scorecard of the day of `tx`, where the community is large."""
    conn, days = tx.conn, tx.settings.activation_days
    if not await is_large(conn, community=community, more_than_count=tx.settings.scorecard_live_members_max_count):
        return
    calendar = await load_calendar(conn, community=community)
    spans = weeks_before(calendar.day_of(tx.now))
    measured = await _measure(
        conn, community=community, calendar=calendar, spans=spans, now=tx.now, activation_days=days
    )
    terms = _terms(calendar, spans, activation_days=days)
    await put_gauges(conn, community=community, terms=terms, measured=measured, at=tx.now)


def _terms(calendar: Calendar, spans: Sequence[Span], *, activation_days: int) -> str:
    """What gauges are counted by: of other days, zones or terms they are others."""
    bounds = [calendar.start_of(span.starts_on).isoformat() for span in spans]
    return " ".join([*bounds, spans[-1].ends_on.isoformat(), str(activation_days)])


async def _measure(
    conn: Connection,
    *,
    community: str,
    calendar: Calendar,
    spans: Sequence[Span],
    now: datetime,
    activation_days: int,
) -> Mapping[IndicatorName, Gauge]:
    weeks = await store.load_weeks(
        conn,
        community=community,
        spans=spans,
        bounds=[
            *(calendar.start_of(span.starts_on) for span in spans),
            calendar.start_of(spans[-1].ends_on + timedelta(days=1)),
        ],
        now=now,
        activation_days=activation_days,
    )
    ends = [span.ends_on for span in spans]
    standings = await goals.load_standings_at(conn, community=community, calendar=calendar, ends=ends)
    return gauges([replace(week, goals=goal_counts(found)) for week, found in zip(weeks, standings, strict=True)])
