"""Participation out: events and active members per period."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

from services.analytics.participation.domain import Activity, ChannelActivity, TypeActivity
from shared.calendars import Span
from shared.postgres import Connection

#: The first day of the period that a day is in, by the first days of all that are asked for: $4.
_PERIOD = "($4::date[])[width_bucket(day, $4::date[])]"
#: What `active_days` calls all channels together.
WHOLE = ""
#: Members of the community, $1, who are one with others, each with who stays.
_WITH_PERSONS = """with persons as (
        select head_id, member_id from merges where community = $1 and head_id is not null
        union
        select head_id, head_id from merges where community = $1 and head_id is not null
    )"""
#: How many too many were counted, as each of the members that are one was.
_ONE_TWICE = f"""
    {_WITH_PERSONS}
    select period, channel, count(distinct member_id) - count(distinct head_id) as members
    from (
        select {_PERIOD} as period, counted.channel, d.member_id, p.head_id
        from persons p
        join member_days d on d.member_id = p.member_id and d.community = $1
        cross join lateral (values (d.channel), ('{WHOLE}')) counted (channel)
        where d.day between $2 and $3 and d.events > 0 and counted.channel = any($5::text[])
    ) days
    group by 1, 2
"""  # noqa: S608 -- a constant


async def load_activities(conn: Connection, *, community: str, spans: Sequence[Span]) -> dict[date, Activity]:
    """What happened in each of those periods, which follow one another; quiet ones are not there."""
    if not spans:
        return {}
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        events = await conn.fetch(
            f"""
            select {_PERIOD} as period, channel, type, sum(events)::bigint as events
            from event_days
            where community = $1 and day between $2 and $3 and events > 0
            group by 1, 2, 3 order by 1, 2, 3
            """,  # noqa: S608
            *_asked(community, spans),
        )
        channels = {row["channel"] for row in events}
        members = await _active_members(conn, community=community, spans=spans, channels=[WHOLE, *channels])
    by_channel: dict[date, Counter[str]] = defaultdict(Counter)
    by_type: dict[date, Counter[str]] = defaultdict(Counter)
    for row in events:
        by_channel[row["period"]][row["channel"]] += row["events"]
        by_type[row["period"]][row["type"]] += row["events"]
    return {
        period: Activity(
            events=counts.total(),
            active_members=members[period, WHOLE],
            channels=[
                ChannelActivity(channel, number, members[period, channel])
                for channel, number in sorted(counts.items())
            ],
            types=[TypeActivity(*counted) for counted in sorted(by_type[period].items())],
        )
        for period, counts in by_channel.items()
    }


async def load_channels(conn: Connection, *, community: str, spans: Sequence[Span]) -> dict[date, dict[str, int]]:
    """The events of each channel in each of those periods, which follow one another; quiet ones are not there."""
    if not spans:
        return {}
    rows = await conn.fetch(
        f"""
        select {_PERIOD} as period, channel, sum(events)::bigint as events from event_days
        where community = $1 and day between $2 and $3 and events > 0 group by 1, 2 order by 1, 2
        """,  # noqa: S608
        *_asked(community, spans),
    )
    found: dict[date, dict[str, int]] = defaultdict(dict)
    for row in rows:
        found[row["period"]][row["channel"]] = row["events"]
    return dict(found)


async def load_active_members(conn: Connection, *, community: str, spans: Sequence[Span]) -> dict[date, int]:
    """Members with at least one event in each of those periods, which follow one another."""
    if not spans:
        return {}
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        members = await _active_members(conn, community=community, spans=spans, channels=[WHOLE])
    return {period: number for (period, _), number in members.items()}


async def _active_members(
    conn: Connection, *, community: str, spans: Sequence[Span], channels: Sequence[str]
) -> dict[tuple[date, str], int]:
    """How many members were active in each of the periods and channels; where none was, it is not there.

    A member counts on the first of their days in the period: the one before it was before the period began.
    """
    rows = await conn.fetch(
        f"""
        select period, channel, sum(members)::bigint as members
        from (
            select {_PERIOD} as period, channel, day, gap, members from active_days
            where community = $1 and channel = any($5::text[]) and day between $2 and $3
        ) days
        where gap > day - period
        group by 1, 2 having sum(members) > 0
        """,  # noqa: S608
        *_asked(community, spans),
        channels,
    )
    members = {(row["period"], row["channel"]): row["members"] for row in rows}
    if await _has_merged(conn, community):
        for row in await conn.fetch(_ONE_TWICE, *_asked(community, spans), channels):
            members[row["period"], row["channel"]] -= row["members"]
    return members


async def _has_merged(conn: Connection, community: str) -> bool:
    """Whether anybody is merged: nearly nowhere, and where nobody is, nobody need be asked for their heads."""
    found: bool = await conn.fetchval(
        "select exists (select from merges where community = $1 and head_id is not null)", community
    )
    return found


def _asked(community: str, spans: Sequence[Span]) -> tuple[str, date, date, list[date]]:
    """What $1 to $4 are: the community, the first day and the last, and the first days of the periods."""
    return community, spans[0].starts_on, spans[-1].ends_on, [span.starts_on for span in spans]
