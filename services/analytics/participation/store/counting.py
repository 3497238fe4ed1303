"""What counts, into rollups: members' days, days of events, and how many members were active."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from asyncpg import Record

from services.analytics.participation.domain import Place
from shared.postgres import Connection

#: How long ago a member was active before is told apart up to here: nothing is asked of periods that are longer.
GAP_MAX_DAYS = 31


async def add_counts(conn: Connection, *, changes: Mapping[Place, int]) -> None:
    """Move the rollups by what changed.

    1. Members' days, in the order of their key: it shows there which became active days, or are none any more.
    2. Locks on the members of whom a day did: whoever else moves one of theirs waits.
    3. What all workers share, in the order of its keys; whose days are near a member's is read under the locks.
    """
    turned = await _add_member_days(conn, changes=changes)
    if turned:
        await _lock_members(conn, turned=turned)
        await _add_active_days(conn, turned=turned)
    await _add_event_days(conn, changes=changes)


async def _add_member_days(conn: Connection, *, changes: Mapping[Place, int]) -> Sequence[Record]:
    """Add to the days of members; return those that have events and had none, or the other way round."""
    days: Counter[tuple[str, str, date, str]] = Counter()
    for place, change in changes.items():
        days[place.community, place.member_id, place.day, place.channel] += change
    return await conn.fetch(
        """
        with moved as (
            insert into member_days as d (member_id, community, day, channel, events)
            select member_id, community, day, channel, events
            from unnest($1::text[], $2::uuid[], $3::date[], $4::text[], $5::bigint[])
                as c(community, member_id, day, channel, events)
            order by 1, 2, 3, 4
            on conflict (member_id, community, day, channel) do update set events = d.events + excluded.events
            returning community, member_id, day, channel,
                (new.events > 0) <> (coalesce(old.events, 0) > 0) as has_turned
        )
        select community, member_id, day, channel from moved where has_turned
        """,
        *([key[part] for key in days] for part in range(4)),
        list(days.values()),
    )


async def _lock_members(conn: Connection, *, turned: Sequence[Record]) -> None:
    """Lock the members of whom a day turned, in the order of their key, until the transaction ends."""
    held = sorted({(row["member_id"], row["community"]) for row in turned})
    await conn.execute(
        """
        insert into member_locks as l (member_id, community)
        select * from unnest($1::uuid[], $2::text[])
        -- What is there is locked, and stays as it is.
        on conflict (member_id, community) do update set community = l.community where false
        """,
        [member_id for member_id, _ in held],
        [community for _, community in held],
    )


async def _add_active_days(conn: Connection, *, turned: Sequence[Record]) -> None:
    """Move the numbers of active members by member's days that `turned`.

    A day's gap depends on the one before it alone, so a day that turned moves itself and the next one. Of the days
    before all that turned the last is enough, and those further than the greatest gap are not read.
    """
    await conn.execute(
        f"""
        with turned as (
            select * from unnest($1::text[], $2::uuid[], $3::date[], $4::text[])
                as t(community, member_id, day, channel)
        ),
        reach as (
            select community, member_id, min(day) as first, max(day) as last from turned group by 1, 2
        ),
        near as (
            -- Row by row by its key, and no other join: plans for a few rows are kept, and there may be thousands.
            select r.community, r.member_id, d.channel, d.day, 1 as counts, 0 as turned
            from reach r
            cross join lateral (
                select channel, max(day) as day from member_days m
                where m.member_id = r.member_id and m.community = r.community
                    and m.day between r.first - {GAP_MAX_DAYS - 1} and r.first - 1 and m.events > 0
                group by channel
                union all
                select channel, day from member_days m
                where m.member_id = r.member_id and m.community = r.community
                    and m.day between r.first and r.last + {GAP_MAX_DAYS - 1} and m.events > 0
                offset 0
            ) d
            union all
            select community, member_id, channel, day, 0, 1 from turned
        ),
        channels as (
            select community, member_id, channel, day, max(counts) = 1 as counts,
                max(counts) + max(turned) = 1 as counted
            from near group by 1, 2, 3, 4
        ),
        days as (
            select community, member_id, channel, day, counts, counted from channels
            union all
            select community, member_id, '', day, bool_or(counts), bool_or(counted) from channels group by 1, 2, 4
        ),
        gaps as (
            select community, channel, day, counts, counted,
                day - max(day) filter (where counts) over earlier as gap,
                day - max(day) filter (where counted) over earlier as gap_before
            from days
            window earlier as (
                partition by member_id, community, channel order by day
                rows between unbounded preceding and 1 preceding)
        ),
        moves as (
            select community, channel, day, least(gap, {GAP_MAX_DAYS}) as gap, 1 as change from gaps where counts
            union all
            select community, channel, day, least(gap_before, {GAP_MAX_DAYS}), -1 from gaps where counted
        )
        insert into active_days as a (community, channel, day, gap, members)
        select community, channel, day, gap, sum(change) from moves group by 1, 2, 3, 4 having sum(change) <> 0
        order by 1, 2, 3, 4
        on conflict (community, channel, day, gap) do update set members = a.members + excluded.members
        """,  # noqa: S608 -- a constant
        [row["community"] for row in turned],
        [row["member_id"] for row in turned],
        [row["day"] for row in turned],
        [row["channel"] for row in turned],
    )


async def _add_event_days(conn: Connection, *, changes: Mapping[Place, int]) -> None:
    # Added up here: many members make one row of it.
    days: Counter[tuple[str, date, str, str]] = Counter()
    for place, change in changes.items():
        days[place.community, place.day, place.channel, place.type] += change
    ordered = sorted(days)
    await conn.execute(
        """
        insert into event_days as d (community, day, channel, type, events)
        select * from unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::bigint[])
        on conflict (community, day, channel, type) do update set events = d.events + excluded.events
        """,
        *([key[part] for key in ordered] for part in range(4)),
        [days[key] for key in ordered],
    )
