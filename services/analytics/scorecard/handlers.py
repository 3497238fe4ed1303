"""The card of a community, from what other capabilities keep."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.analytics.decisions import store as decisions
from services.analytics.goals import handlers as goals
from services.analytics.scorecard import store
from services.analytics.scorecard.domain import Reading, card, goal_counts
from shared.calendars import Calendar, Span
from shared.postgres import Connection


async def load_card(
    conn: Connection,
    *,
    community: str,
    calendar: Calendar,
    spans: Sequence[Span],
    now: datetime,
    activation_days: int,
) -> list[Reading]:
    """All indicators by the weeks of `spans`, oldest first, in the order of the practices."""
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
    return card(
        [replace(week, goals=goal_counts(found)) for week, found in zip(weeks, standings, strict=True)],
        aims=await decisions.load_aims(conn, community=community),
        ends=ends,
        day=ends[-1] + timedelta(days=1),
    )
