"""What figures are now: indicators by the scorecard, the last seven days, and goals in their windows."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from math import isinf
from typing import NamedTuple

from services.analytics.digests.store import count_activity, count_new_members
from services.analytics.goals.handlers import load_standings
from services.analytics.scorecard.handlers import load_current_card
from shared.calendars import Calendar, Span
from shared.contracts.figures import GOAL_FIGURE, INDICATOR_NAMES, FigureName
from shared.postgres import Connection


class Figure(NamedTuple):
    """A figure, and of which goal, if it is of one."""

    name: FigureName
    about: str | None = None


async def load_values(
    conn: Connection,
    *,
    community: str,
    calendar: Calendar,
    figures: Collection[Figure],
    now: datetime,
    activation_days: int,
) -> Mapping[Figure, float | None]:
    """What these figures are now: None without a value, beyond anything seen, or of a goal that is no more."""
    wanted = set(figures)
    names = {one.name for one in wanted}
    today = calendar.day_of(now)
    found: dict[Figure, float | None] = dict.fromkeys(wanted)
    if names.intersection(INDICATOR_NAMES):
        _, readings = await load_current_card(
            conn, community=community, calendar=calendar, now=now, activation_days=activation_days
        )
        for reading in readings:
            value = reading.now.value
            found[Figure(reading.indicator.name)] = None if value is None or isinf(value) else value
    if GOAL_FIGURE in names:
        standings = await load_standings(conn, community=community, calendar=calendar, now=now)
        for one in standings:
            if one.span is not None:
                found[Figure(GOAL_FIGURE, one.definition.goal_id)] = float(one.actual)
    week = Span(today - timedelta(days=7), today - timedelta(days=1))
    if names & {"active_members", "events"}:
        activity = await count_activity(conn, community=community, week=week)
        found[Figure("active_members")] = float(activity.active)
        found[Figure("events")] = float(activity.events)
    if "new_members" in names:
        found[Figure("new_members")] = float(await count_new_members(conn, community=community, week=week))
    return {one: found.get(one) for one in wanted}
