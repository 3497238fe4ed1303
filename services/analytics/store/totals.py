"""Read models out: participation, acquisition, points, rejections, totals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import asyncpg

from services.analytics.domain.periods import By
from shared.postgres import Connection

#: Before every rejection, newest first.
NEWEST = (datetime.max.replace(tzinfo=UTC), "")

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


async def points_by_rule(
    conn: Connection, community: str, first: date, last: date, after: str, limit_count: int
) -> list[asyncpg.Record]:
    """Points, awards and reversals per rule, by rule id; the title is that of the newest version with the rule."""
    return list(
        await conn.fetch(
            """
            with totals as (
                select rule_id, sum(points)::bigint as points, sum(awards)::bigint as awards,
                       sum(reversals)::bigint as reversals
                from rule_days
                where community = $1 and day between $2 and $3 and rule_id > $4
                group by rule_id order by rule_id limit $5
            ),
            titles as (
                select distinct on (r.rule ->> 'id') r.rule ->> 'id' as rule_id, r.rule ->> 'title' as title
                from programmes p, jsonb_array_elements(p.document -> 'rules') as r(rule)
                where p.community = $1
                order by r.rule ->> 'id', p.version desc
            )
            select totals.*, titles.title from totals left join titles using (rule_id) order by rule_id
            """,
            community,
            first,
            last,
            after,
            limit_count,
        )
    )


async def rejection_reasons(
    conn: Connection, community: str, first: date, after_last: date, after: tuple[int, str, str], limit_count: int
) -> list[asyncpg.Record]:
    """Outcomes and reasons with how many events they met and when last, most frequent first."""
    return list(
        await conn.fetch(
            """
            select * from (
                select outcome, reason, md5(reason) as reason_md5, count(*) as events, max(rejected_at) as last_at
                from rejections
                where community = $1 and rejected_at >= $2::date and rejected_at < $3::date
                group by outcome, reason
            ) reasons
            where (-events, outcome, reason_md5) > (-$4::bigint, $5, $6)
            order by -events, outcome, reason_md5 limit $7
            """,
            community,
            first,
            after_last,
            *after,
            limit_count,
        )
    )


async def rejected_events(
    conn: Connection,
    community: str,
    source: str | None,
    event_id: str | None,
    after: tuple[datetime, str],
    limit_count: int,
) -> list[asyncpg.Record]:
    """Rejected events, newest first; only those of `source` or `event_id` when given."""
    return list(
        await conn.fetch(
            """
            select fact_id, source, event_id, outcome, reason, rejected_at, receipt_id, receipt_index
            from rejections
            where community = $1 and ($2::text is null or source = $2) and ($3::text is null or event_id = $3)
              and (rejected_at, fact_id) < ($4, $5)
            order by rejected_at desc, fact_id desc limit $6
            """,
            community,
            source,
            event_id,
            *after,
            limit_count,
        )
    )


async def summary(conn: Connection, community: str) -> dict[str, Any]:
    """What there is in all, from rollups where facts are many."""
    row = await conn.fetchrow(
        """
        select
            (select count(*) from members where community = $1) as members,
            (select coalesce(sum(events), 0)::bigint from event_days where community = $1) as events,
            (select count(*) from rejections where community = $1) as rejections,
            (select coalesce(sum(granted), 0)::bigint from grant_days where community = $1) as granted,
            (select coalesce(sum(taken_back), 0)::bigint from grant_days where community = $1) as taken_back,
            a.awards, a.reversals, a.points
        from (
            select coalesce(sum(awards), 0)::bigint as awards, coalesce(sum(reversals), 0)::bigint as reversals,
                   coalesce(sum(points), 0)::bigint as points
            from rule_days where community = $1
        ) a
        """,
        community,
    )
    redemptions = await conn.fetch(
        "select state, count(*) as number, sum(points)::bigint as points from redemptions"
        " where community = $1 group by state order by state",
        community,
    )
    payouts = await conn.fetch(
        "select state, currency, count(*) as number, sum(points)::bigint as points,"
        " sum(amount_minor)::bigint as amount_minor from payouts where community = $1"
        " group by state, currency order by state, currency",
        community,
    )
    return {**dict(row or {}), "redemptions": redemptions, "payouts": payouts}
