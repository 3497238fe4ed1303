"""Months that are closed or were, and whether what was being booked when one was closed is committed."""

from datetime import date, datetime

import orjson
from asyncpg import Record

from services.rewards.payouts.domain import Actor
from services.rewards.payouts.store import actor_of
from services.rewards.periods.domain import Figure, Period, PeriodState, SeenBlock
from shared.postgres import Connection

PERIOD_LOCK = "periods of "


def _period(row: Record) -> Period:
    return Period(
        community=row["community"],
        month=row["month"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        state=PeriodState(row["state"]),
        revision=row["revision"],
        reason=row["reason"],
        proposed_at=row["proposed_at"],
        proposed_by=actor_of(row["proposed_by_person"], row["proposed_by"]),
        decided_at=row["decided_at"],
        decided_by=actor_of(row["decided_by_person"], row["decided_by"]) if row["decided_by"] else None,
        figures=None if row["figures"] is None else [Figure(*figure) for figure in orjson.loads(row["figures"])],
        block=None if row["block_hash"] is None else SeenBlock(row["block_number"], row["block_hash"]),
    )


async def lock_periods(conn: Connection, *, community: str) -> None:
    """Let one transaction at a time decide about months of a community; held until it ends.

    Who books never waits.
    """
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", PERIOD_LOCK + community)


async def load_periods(conn: Connection, *, community: str) -> dict[date, Period]:
    """The months of which anybody ever proposed anything, by their first days."""
    rows = await conn.fetch("select * from periods where community = $1 order by month", community)
    return {row["month"]: _period(row) for row in rows}


async def find_newest(conn: Connection, *, community: str) -> Period | None:
    """The newest month that is not open."""
    row = await conn.fetchrow(
        "select * from periods where community = $1 and state <> 'open' order by ends_at desc limit 1", community
    )
    return _period(row) if row else None


async def put_period(conn: Connection, period: Period) -> None:
    """Keep a month as it is now; one of a higher revision stays."""
    proposed = period.proposed_by or Actor(None, "")
    await conn.execute(
        """
        insert into periods (community, month, starts_at, ends_at, state, revision, reason, proposed_at,
                             proposed_by_person, proposed_by, decided_at, decided_by_person, decided_by, figures,
                             block_number, block_hash)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        on conflict (community, month) do update
        set starts_at = excluded.starts_at, ends_at = excluded.ends_at, state = excluded.state,
            revision = excluded.revision, reason = excluded.reason, proposed_at = excluded.proposed_at,
            proposed_by_person = excluded.proposed_by_person, proposed_by = excluded.proposed_by,
            decided_at = excluded.decided_at, decided_by_person = excluded.decided_by_person,
            decided_by = excluded.decided_by, figures = excluded.figures, block_number = excluded.block_number,
            block_hash = excluded.block_hash
        where periods.revision <= excluded.revision
        """,
        period.community,
        period.month,
        period.starts_at,
        period.ends_at,
        period.state,
        period.revision,
        period.reason,
        period.proposed_at,
        *proposed,
        period.decided_at,
        *(period.decided_by or (None, None)),
        None if period.figures is None else orjson.dumps([list(one) for one in period.figures]).decode(),
        *(period.block or (None, None)),
    )


async def find_first_booking(conn: Connection, *, community: str) -> datetime | None:
    """When the community's first entry was booked; None while there is none."""
    # Every transfer of points or money has an entry on an account of the community, of which there are few.
    first: datetime | None = await conn.fetchval(
        """
        select min(e.recorded_at) from accounts a cross join lateral (
            select recorded_at from entries e
            where e.community = a.community and e.account_id = a.account_id order by recorded_at limit 1) e
        where a.community = $1 and a.owner is null
        """,
        community,
    )
    return first


async def load_boundary(conn: Connection) -> str:
    """A number above that of every transaction that has written until now; those to come see what is committed."""
    boundary: str = await conn.fetchval("select pg_snapshot_xmax(pg_current_snapshot())::text")
    return boundary


async def is_over(conn: Connection, *, boundary: str) -> bool:
    """Whether every transaction below a boundary has ended."""
    over: bool = await conn.fetchval("select pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8", boundary)
    return over


async def is_chained(conn: Connection, *, community: str, before: datetime) -> bool:
    """Whether everything that was booked before a moment is in a block."""
    chained: bool = await conn.fetchval(
        "select not exists (select from entries_unchained where community = $1 and recorded_at < $2)",
        community,
        before,
    )
    return chained


async def count_overdue(conn: Connection, *, now: datetime, days: int) -> int:
    """Communities whose next month to be closed has been over for more than so many days.

    Those that never closed one do not count.
    """
    count: int = await conn.fetchval(
        """
        select count(*) from (
            select community, max(ends_at) filter (where state in ('closed', 'reopening')) as closed_until
            from periods group by 1) newest
        where closed_until + interval '1 month' + make_interval(days => $2) < $1
        """,
        now,
        days,
    )
    return count
