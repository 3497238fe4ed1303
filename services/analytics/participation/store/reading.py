"""Participation out: events, active members and new members per period."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date

from services.analytics.periods.domain import By
from shared.postgres import Connection

COUNTING_MEMORY = "64MB"

PERIOD = {
    "day": "day",
    "week": "date_trunc('week', day)::date",
    "month": "date_trunc('month', day)::date",
}


@dataclass(slots=True)
class Activity:
    """What happened in one period: in all, by channel (events, active members), and by type (events)."""

    events: int = 0
    active_members: int = 0
    channels: dict[str, tuple[int, int]] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)


@asynccontextmanager
async def _counting(conn: Connection) -> AsyncIterator[None]:
    """Memory to tell members apart in: with PostgreSQL's default the sets go to disk, three times as slow."""
    async with conn.transaction(readonly=True):
        await conn.execute("select set_config('work_mem', $1, true)", COUNTING_MEMORY)
        yield


async def participation(conn: Connection, community: str, by: By, first: date, last: date) -> dict[date, Activity]:
    """Events and active members per period that begins between the two days; quiet periods are not there."""
    async with _counting(conn):
        people = await conn.fetch(
            f"""
            with by_channel as (
                select {PERIOD[by]} as period, member_id, channel, sum(events) as events
                from member_days
                where community = $1 and day between $2 and $3 and events > 0
                group by 1, member_id, channel
            ),
            whole as (
                select period, member_id, sum(events) as events from by_channel group by period, member_id
            )
            select period, null as channel, sum(events)::bigint as events, count(*) as members
            from whole group by period
            union all
            select period, channel, sum(events)::bigint, count(*) from by_channel group by period, channel
            """,  # noqa: S608
            community,
            first,
            last,
        )
        types = await conn.fetch(
            f"""
            select {PERIOD[by]} as period, type, sum(events)::bigint as events
            from event_days
            where community = $1 and day between $2 and $3 and events > 0
            group by 1, type
            """,  # noqa: S608
            community,
            first,
            last,
        )
    found: dict[date, Activity] = {}
    for row in people:
        activity = found.setdefault(row["period"], Activity())
        if row["channel"] is None:
            activity.events, activity.active_members = row["events"], row["members"]
        else:
            activity.channels[row["channel"]] = (row["events"], row["members"])
    for row in types:
        found.setdefault(row["period"], Activity()).types[row["type"]] = row["events"]
    return found


async def active_members(conn: Connection, community: str, by: By, first: date, last: date) -> dict[date, int]:
    """Members with at least one event per period that begins between the two days."""
    async with _counting(conn):
        rows = await conn.fetch(
            f"""
            select period, count(*) as members
            from (
                select {PERIOD[by]} as period, member_id from member_days
                where community = $1 and day between $2 and $3 and events > 0
                group by 1, member_id
            ) active
            group by period
            """,  # noqa: S608
            community,
            first,
            last,
        )
    return {row["period"]: row["members"] for row in rows}


async def new_members(
    conn: Connection, community: str, by: By, first: date, after_last: date
) -> dict[date, dict[str, int]]:
    """Members by period and channel of their first event, of those from `first` to before `after_last`."""
    rows = await conn.fetch(
        f"""
        select {PERIOD[by]} as period, channel, count(*) as members
        from (
            select (first_at at time zone 'UTC')::date as day, channel from member_firsts
            where community = $1 and first_at >= $2::date and first_at < $3::date
        ) firsts
        group by 1, channel
        """,  # noqa: S608
        community,
        first,
        after_last,
    )
    found: dict[date, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["period"], {})[row["channel"]] = row["members"]
    return found
