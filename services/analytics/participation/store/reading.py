"""Participation out: events, active members and new members per period."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta

from services.analytics.participation.domain import Activity, ChannelAcquisition, ChannelActivity, TypeActivity
from shared.calendars import Span
from shared.postgres import Connection

#: Work memory to tell members apart in: with PostgreSQL's default the sets go to disk, three times as slow.
COUNTING_MEMORY = "64MB"

#: The first day of the period that a day is in, by the first days of all that are asked for: $4.
_PERIOD = "($4::date[])[width_bucket(day, $4::date[])]"
#: A day of a community has no moment further than this from the same day in UTC: zones are 26 hours apart at most,
#: and a day grows by no more when the zone changes.
DAYS_APART = timedelta(days=3)


#: Days of members by whom each belongs to: where somebody was merged.
_DAYS_OF_HEADS = """(
    select d.community, d.day, coalesce(g.head_id, d.member_id) as member_id, d.channel, d.events
    from member_days d left join merges g using (community, member_id)) days_of_heads"""
_PEOPLE_BY_PERIOD = f"""
    with by_channel as (
        select {_PERIOD} as period, member_id, channel, sum(events) as events
        from {{days}}
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
"""  # noqa: S608 -- a constant
#: The same of days, each of which the table has by itself: read in the order of its key, in a third of the time.
_PEOPLE_BY_DAY = """
    select day as period, null as channel, sum(events)::bigint as events, count(*) as members
    from (
        select day, member_id, sum(events) as events from member_days
        where community = $1 and day between $2 and $3 and events > 0
        group by day, member_id
    ) whole
    group by day
    union all
    select day, channel, sum(events)::bigint, count(*) from member_days
    where community = $1 and day between $2 and $3 and events > 0
    group by day, channel
"""


#: Of those who are one member, only who came first.
_FIRST_OF_ALL = """and not exists (
    select from member_firsts o
    where o.community = f.community and (o.first_at, o.channel, o.member_id) < (f.first_at, f.channel, f.member_id)
        and o.member_id = any(array(
            select m.member_id from (
                select coalesce((
                    select g.head_id from merges g
                    where g.community = f.community and g.member_id = f.member_id), f.member_id) as head_id) h
            cross join lateral (
                select h.head_id as member_id union all
                select g.member_id from merges g where g.community = f.community and g.head_id = h.head_id) m)))
"""


@asynccontextmanager
async def _counting(conn: Connection) -> AsyncIterator[None]:
    async with conn.transaction(readonly=True):
        await conn.execute("select set_config('work_mem', $1, true)", COUNTING_MEMORY)
        yield


async def load_activities(conn: Connection, *, community: str, spans: Sequence[Span]) -> dict[date, Activity]:
    """What happened in each of those periods, which follow one another; quiet ones are not there."""
    if not spans:
        return {}
    async with _counting(conn):
        days = await _days(conn, community)
        people = await conn.fetch(
            *(_PEOPLE_BY_DAY, community, spans[0].starts_on, spans[-1].ends_on)
            if days != _DAYS_OF_HEADS and all(span.starts_on == span.ends_on for span in spans)
            else (_PEOPLE_BY_PERIOD.format(days=days), *_asked(community, spans))
        )
        by_type = await conn.fetch(
            f"""
            select {_PERIOD} as period, type, sum(events)::bigint as events
            from event_days
            where community = $1 and day between $2 and $3 and events > 0
            group by 1, type
            """,  # noqa: S608
            *_asked(community, spans),
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


async def load_active_members(conn: Connection, *, community: str, spans: Sequence[Span]) -> dict[date, int]:
    """Members with at least one event in each of those periods, which follow one another."""
    if not spans:
        return {}
    async with _counting(conn):
        days = await _days(conn, community)
        rows = await conn.fetch(
            f"""
            select period, count(*) as members
            from (
                select {_PERIOD} as period, member_id from {days}
                where community = $1 and day between $2 and $3 and events > 0
                group by 1, member_id
            ) active
            group by period
            """,  # noqa: S608
            *_asked(community, spans),
        )
    return {row["period"]: row["members"] for row in rows}


async def load_acquisitions(
    conn: Connection, *, community: str, spans: Sequence[Span]
) -> dict[date, list[ChannelAcquisition]]:
    """Members whose first event was in one of those periods, by period and by the channel where that was."""
    if not spans:
        return {}
    merged = await _has_merged(conn, community)
    rows = await conn.fetch(
        f"""
        select {_PERIOD} as period, channel, count(*) as members
        from (
            select coalesce(day, (first_at at time zone 'UTC')::date) as day, channel from member_firsts f
            where community = $1 and first_at between $5 and $6 {_FIRST_OF_ALL if merged else ""}
        ) firsts
        where day between $2 and $3
        group by 1, channel
        """,  # noqa: S608
        *_asked(community, spans),
        _midnight(spans[0].starts_on) - DAYS_APART,
        _midnight(spans[-1].ends_on) + DAYS_APART,
    )
    found: dict[date, list[ChannelAcquisition]] = defaultdict(list)
    for row in rows:
        found[row["period"]].append(ChannelAcquisition(row["channel"], row["members"]))
    return {period: sorted(channels) for period, channels in found.items()}


async def _has_merged(conn: Connection, community: str) -> bool:
    """Whether anybody is merged: nearly nowhere, and where nobody is, nobody need be asked for their heads."""
    found: bool = await conn.fetchval(
        "select exists (select from merges where community = $1 and head_id is not null)", community
    )
    return found


async def _days(conn: Connection, community: str) -> str:
    return _DAYS_OF_HEADS if await _has_merged(conn, community) else "member_days"


def _asked(community: str, spans: Sequence[Span]) -> tuple[str, date, date, list[date]]:
    """What $1 to $4 are: the community, the first day and the last, and the first days of the periods."""
    return community, spans[0].starts_on, spans[-1].ends_on, [span.starts_on for span in spans]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
