"""Ties in: who turned to whom, and how often on a day."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.analytics.network.domain.ties import Tied
from shared.postgres import Connection


async def add_ties(conn: Connection, *, tied: Sequence[Tied]) -> None:
    """Keep ties and mark their events; those that are known stay as they are."""
    ordered = sorted({one[:2]: one for one in tied}.values())
    await conn.execute(
        """
        insert into ties (community, event_uid, day, kind, from_id, to_id)
        select * from unnest($1::text[], $2::uuid[], $3::date[], $4::text[], $5::uuid[], $6::uuid[])
        on conflict do nothing
        """,
        *(list(column) for column in zip(*ordered, strict=True)),
    )
    await conn.execute(
        "insert into tie_marks (community, event_uid) select * from unnest($1::text[], $2::uuid[])",
        [one.community for one in ordered],
        [one.event_uid for one in ordered],
    )


async def mark_decided(conn: Connection, *, events: Collection[tuple[str, str]]) -> None:
    """Mark those of these events, by community and uid, that are ties: they were decided on."""
    ordered = sorted(events)
    await conn.execute(
        """
        insert into tie_marks (community, event_uid)
        select t.community, t.event_uid
        from unnest($1::text[], $2::uuid[]) as d(community, event_uid)
        join ties t on t.event_uid = d.event_uid and t.community = d.community
        """,
        [community for community, _ in ordered],
        [uid for _, uid in ordered],
    )


async def lock_counting(conn: Connection) -> bool:
    """Be the one who counts until the transaction ends; False where somebody else is."""
    got: bool = await conn.fetchval("select pg_try_advisory_xact_lock(hashtextextended('ties', 2))")
    return got


async def take_marks(conn: Connection, *, limit_count: int) -> set[tuple[str, str]]:
    """Take the oldest marks: the events to look at, by community and uid."""
    rows = await conn.fetch(
        """
        delete from tie_marks
        where mark_id in (select mark_id from tie_marks order by mark_id limit $1)
        returning community, event_uid::text as event_uid
        """,
        limit_count,
    )
    return {(row["community"], row["event_uid"]) for row in rows}


async def find_oldest_mark(conn: Connection) -> datetime | None:
    """When the oldest mark was made; None where no event waits."""
    found: datetime | None = await conn.fetchval("select marked_at from tie_marks order by mark_id limit 1")
    return found


async def count(conn: Connection, *, events: Collection[tuple[str, str]]) -> None:
    """Count the ties of events that are there and not taken back, and none of the others."""
    ordered = sorted(events)
    await conn.execute(
        """
        with seen as materialized (
            select t.*, (e.received_at is not null and e.retracted_by is null) as counts
            from unnest($1::text[], $2::uuid[]) as c(community, event_uid)
            join ties t on t.event_uid = c.event_uid and t.community = c.community
            join events e on e.event_uid = t.event_uid and e.community = t.community
        ),
        counted as (
            update ties t set is_counted = s.counts
            from seen s where t.event_uid = s.event_uid and t.community = s.community and s.counts <> s.is_counted
        )
        insert into tie_days as d (community, day, kind, from_id, to_id, times)
        select community, day, kind, from_id, to_id, sum(counts::int - is_counted::int) from seen
        group by 1, 2, 3, 4, 5 having sum(counts::int - is_counted::int) <> 0
        order by 1, 2, 4, 5, 3
        on conflict (community, day, from_id, to_id, kind) do update set times = d.times + excluded.times
        """,
        [community for community, _ in ordered],
        [uid for _, uid in ordered],
    )
