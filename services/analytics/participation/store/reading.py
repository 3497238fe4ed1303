"""Participation out: events, active members and new members per period."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

from services.analytics.participation.domain import Activity, ChannelAcquisition, ChannelActivity, TypeActivity
from services.analytics.periods.domain import By, Span
from shared.postgres import Connection

#: Work memory to tell members apart in: with PostgreSQL's default the sets go to disk, three times as slow.
COUNTING_MEMORY = "64MB"

_PERIOD = {
    "day": "day",
    "week": "date_trunc('week', day)::date",
    "month": "date_trunc('month', day)::date",
}


@asynccontextmanager
async def _counting(conn: Connection) -> AsyncIterator[None]:
    async with conn.transaction(readonly=True):
        await conn.execute("select set_config('work_mem', $1, true)", COUNTING_MEMORY)
        yield


async def load_activities(conn: Connection, *, community: str, by: By, days: Span) -> dict[date, Activity]:
    """What happened per period that begins on one of those days; quiet periods are not there."""
    async with _counting(conn):
        people = await conn.fetch(
            f"""
            with by_channel as (
                select {_PERIOD[by]} as period, member_id, channel, sum(events) as events
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
            days.starts_on,
            days.ends_on,
        )
        by_type = await conn.fetch(
            f"""
            select {_PERIOD[by]} as period, type, sum(events)::bigint as events
            from event_days
            where community = $1 and day between $2 and $3 and events > 0
            group by 1, type
            """,  # noqa: S608
            community,
            days.starts_on,
            days.ends_on,
        )
    wholes: dict[date, tuple[int, int]] = {}
    channels: dict[date, list[ChannelActivity]] = defaultdict(list)
    types: dict[date, list[TypeActivity]] = defaultdict(list)
    for row in people:
        if row["channel"] is None:
            wholes[row["period"]] = (row["events"], row["members"])
        else:
            channels[row["period"]].append(ChannelActivity(row["channel"], row["events"], row["members"]))
    for row in by_type:
        types[row["period"]].append(TypeActivity(row["type"], row["events"]))
    return {
        period: Activity(events, active_members, sorted(channels[period]), sorted(types[period]))
        for period, (events, active_members) in wholes.items()
    }


async def load_active_members(conn: Connection, *, community: str, by: By, days: Span) -> dict[date, int]:
    """Members with at least one event per period that begins on one of those days."""
    async with _counting(conn):
        rows = await conn.fetch(
            f"""
            select period, count(*) as members
            from (
                select {_PERIOD[by]} as period, member_id from member_days
                where community = $1 and day between $2 and $3 and events > 0
                group by 1, member_id
            ) active
            group by period
            """,  # noqa: S608
            community,
            days.starts_on,
            days.ends_on,
        )
    return {row["period"]: row["members"] for row in rows}


async def load_acquisitions(
    conn: Connection, *, community: str, by: By, days: Span
) -> dict[date, list[ChannelAcquisition]]:
    """Members whose first event was on one of those days, by period and by the channel where that was."""
    rows = await conn.fetch(
        f"""
        select {_PERIOD[by]} as period, channel, count(*) as members
        from (
            select (first_at at time zone 'UTC')::date as day, channel from member_firsts
            where community = $1 and first_at >= $2::date and first_at < $3::date
        ) firsts
        group by 1, channel
        """,  # noqa: S608
        community,
        days.starts_on,
        days.ends_on + timedelta(days=1),
    )
    found: dict[date, list[ChannelAcquisition]] = defaultdict(list)
    for row in rows:
        found[row["period"]].append(ChannelAcquisition(row["channel"], row["members"]))
    return {period: sorted(channels) for period, channels in found.items()}
