"""Rejections in, and out by reason and one by one."""

from collections.abc import Sequence

from services.analytics.rejections.domain import (
    BEFORE_ALL_REASONS,
    BEFORE_ALL_REJECTIONS,
    Moments,
    ReasonCount,
    ReasonPlace,
    Rejection,
    RejectionFilter,
    RejectionPlace,
)
from shared.contracts.facts import RejectedEvent
from shared.postgres import Connection


async def add_rejections(conn: Connection, *, rejections: Sequence[RejectedEvent]) -> None:
    """Store rejections with their reasons; one that is known stays as it is."""
    data = [rejection["data"] for rejection in rejections]
    await conn.execute(
        """
        insert into rejections (community, fact_id, source, event_id, outcome, reason, rejected_at, receipt_id,
                                receipt_index)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                             $7::timestamptz[], $8::text[], $9::int[])
        on conflict do nothing
        """,
        [rejection["community"] for rejection in rejections],
        [rejection["id"] for rejection in rejections],
        [rejected["event_source"] for rejected in data],
        [rejected["event_id"] for rejected in data],
        [rejected["outcome"] for rejected in data],
        [rejected["reason"] for rejected in data],
        [rejection["time"] for rejection in rejections],
        [rejected["receipt_id"] for rejected in data],
        [rejected["receipt_index"] for rejected in data],
    )


async def page_of_reasons(
    conn: Connection, *, community: str, moments: Moments, after: ReasonPlace | None, limit: int
) -> list[ReasonCount]:
    """Outcomes and reasons between those moments: how many events they met, when last and whose, most first."""
    rows = await conn.fetch(
        """
        select * from (
            select outcome, reason, md5(reason) as reason_md5, sum(events)::bigint as events,
                max(last_at) as last_at, count(*) as sources_count,
                (array_agg(source order by events desc, source))[1] as source
            from (
                select outcome, reason, source, count(*) as events, max(rejected_at) as last_at
                from rejections
                where community = $1 and rejected_at >= $2 and rejected_at < $3
                group by outcome, reason, source
            ) sources
            group by outcome, reason
        ) reasons
        where (-events, outcome, reason_md5) > (-$4::bigint, $5, $6)
        order by -events, outcome, reason_md5 limit $7
        """,
        community,
        *moments,
        *(after or BEFORE_ALL_REASONS),
        limit,
    )
    return [ReasonCount(**row) for row in rows]


async def page_of_rejections(
    conn: Connection, *, community: str, wanted: RejectionFilter, after: RejectionPlace | None, limit: int
) -> list[Rejection]:
    """The rejections that are wanted, newest first."""
    rows = await conn.fetch(
        """
        select fact_id, source, event_id, outcome, reason, rejected_at, receipt_id, receipt_index
        from rejections
        where community = $1 and ($2::text is null or source = $2) and ($3::text is null or event_id = $3)
          and ($4::text is null or outcome = $4) and ($5::text is null or reason = $5)
          and (rejected_at, fact_id) < ($6, $7)
        order by rejected_at desc, fact_id desc limit $8
        """,
        community,
        wanted.source,
        wanted.event_id,
        wanted.outcome,
        wanted.reason,
        *(after or BEFORE_ALL_REJECTIONS),
        limit,
    )
    return [Rejection(**row) for row in rows]
