"""Rejections in, and out by reason and one by one."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import asyncpg

from shared.contracts.facts import RejectedEvent
from shared.postgres import Connection

#: Before every rejection, newest first.
NEWEST = (datetime.max.replace(tzinfo=UTC), "")


async def add_rejections(conn: Connection, rejections: Sequence[RejectedEvent]) -> None:
    """Store rejections with their reasons."""
    data = [one["data"] for one in rejections]
    await conn.execute(
        """
        insert into rejections (community, fact_id, source, event_id, outcome, reason, rejected_at, receipt_id,
                                receipt_index)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                             $7::timestamptz[], $8::text[], $9::int[])
        on conflict do nothing
        """,
        [one["community"] for one in rejections],
        [one["id"] for one in rejections],
        [one["event_source"] for one in data],
        [one["event_id"] for one in data],
        [one["outcome"] for one in data],
        [one["reason"] for one in data],
        [one["time"] for one in rejections],
        [one["receipt_id"] for one in data],
        [one["receipt_index"] for one in data],
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
