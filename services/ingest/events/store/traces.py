"""The SQL of traces."""

from collections.abc import Sequence
from datetime import datetime

from services.ingest.events.domain.judgement import Outcome
from services.ingest.events.domain.traces import WHOLE_REQUEST, Trace, Traced, TracedPlace
from shared.postgres import Connection


async def add_traces(conn: Connection, *, traces: Sequence[Trace]) -> None:
    """Note by which traces events came; one row for a request, whose events come one after the other."""
    await conn.execute(
        """
        insert into receipt_traces (community, receipt_id, receipt_index, trace_id, received_at)
        select * from unnest($1::text[], $2::text[], $3::int[], $4::uuid[], $5::timestamptz[])
        on conflict do nothing
        """,
        *zip(*traces, strict=True) if traces else [[]] * 5,
    )


async def delete_traces(conn: Connection, *, before: datetime, limit_count: int) -> None:
    """Forget traces of what was received before a moment, the oldest first, at most so many."""
    await conn.execute(
        """
        delete from receipt_traces where ctid = any(array(
            select ctid from receipt_traces where received_at < $1 limit $2))
        """,
        before,
        limit_count,
    )


async def page_of_traced(
    conn: Connection, *, community: str, trace_id: str, after: TracedPlace | None, limit_count: int
) -> list[Traced]:
    """The events that came by a trace, in the order in which they were received."""
    rows = await conn.fetch(
        """
        select r.event_uid::text, t.receipt_id, r.receipt_index, t.received_at, r.outcome, r.reason
        from receipt_traces t
        cross join lateral (
            select own.* from receipts own
            where own.community = $1 and own.receipt_id = t.receipt_id and own.receipt_index = t.receipt_index
            union all
            select whole.* from receipts whole
            where t.receipt_index = $3 and whole.community = $1 and whole.receipt_id = t.receipt_id
                and not exists (select from receipt_traces named where named.community = $1
                    and named.receipt_id = t.receipt_id and named.receipt_index = whole.receipt_index)) r
        where t.community = $1 and t.trace_id = $2 and t.receipt_id >= $4
            and (t.receipt_id, r.receipt_index) > ($4, $5)
        order by t.receipt_id, r.receipt_index limit $6
        """,
        community,
        trace_id,
        WHOLE_REQUEST,
        *(after or ("", WHOLE_REQUEST)),
        limit_count,
    )
    return [
        Traced(
            row["event_uid"],
            row["receipt_id"],
            row["receipt_index"],
            row["received_at"],
            Outcome(row["outcome"]),
            row["reason"],
        )
        for row in rows
    ]


async def load_trace_ids(
    conn: Connection, *, community: str, places: Sequence[tuple[str, int]]
) -> list[str | None]:
    """The trace, 32 hexadecimal digits, of each event by its receipt and its place there, while that is known."""
    rows = await conn.fetch(
        """
        select replace(coalesce(own.trace_id, whole.trace_id)::text, '-', '') as trace_id
        from unnest($2::text[], $3::int[]) with ordinality as p(receipt_id, receipt_index, n)
        left join receipt_traces own on own.community = $1
            and own.receipt_id = p.receipt_id and own.receipt_index = p.receipt_index
        left join receipt_traces whole on whole.community = $1
            and whole.receipt_id = p.receipt_id and whole.receipt_index = $4
        order by p.n
        """,
        community,
        [receipt_id for receipt_id, _ in places],
        [index for _, index in places],
        WHOLE_REQUEST,
    )
    return [row["trace_id"] for row in rows]
