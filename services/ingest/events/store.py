"""The SQL of events and their receipts."""

from collections.abc import Sequence

from asyncpg import Record

from services.ingest.events.domain.judgement import Outcome, ReceiptKey, Received
from shared.postgres import Connection


async def add_events(conn: Connection, received: Sequence[Received]) -> list[Record]:
    """Remember events; return (community, event_uid) of those that were not known before."""
    return list(
        await conn.fetch(
            """
            insert into events (community, event_uid, content_hash)
            select distinct on (event_uid, community) community, event_uid, content_hash
            from unnest($1::text[], $2::uuid[], $3::bytea[]) with ordinality
                as e(community, event_uid, content_hash, n)
            order by event_uid, community, n
            on conflict do nothing
            returning community, event_uid
            """,
            [one.community for one in received],
            [one.uid for one in received],
            [one.hash for one in received],
        )
    )


async def content_hashes(conn: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """The content hash of each event, by (community, uid)."""
    rows = await conn.fetch(
        """
        select community, event_uid, content_hash from events
        join unnest($1::text[], $2::uuid[]) as k(community, event_uid) using (community, event_uid)
        """,
        [community for community, _ in keys],
        [uid for _, uid in keys],
    )
    return {(row["community"], str(row["event_uid"])): row["content_hash"] for row in rows}


async def add_receipts(
    conn: Connection, outcomes: Sequence[tuple[Received, Outcome]], reasons: Sequence[str | None]
) -> None:
    """Note what became of each event; none of them may have a receipt yet (see known_receipts)."""
    # A copy costs half of what an insert does.
    await conn.copy_records_to_table(
        "receipts",
        records=[
            (one.community, one.receipt_id, one.receipt_index, one.uid, outcome, reason)
            for (one, outcome), reason in zip(outcomes, reasons, strict=True)
        ],
        columns=("community", "receipt_id", "receipt_index", "event_uid", "outcome", "reason"),
    )


async def known_receipts(conn: Connection, received: Sequence[Received]) -> set[ReceiptKey]:
    """Which (community, receipt, index) already have an outcome: records that were consumed before."""
    rows = await conn.fetch(
        """
        select community, receipt_id, receipt_index from receipts
        join unnest($1::text[], $2::text[], $3::int[]) as k(community, receipt_id, receipt_index)
        using (community, receipt_id, receipt_index)
        """,
        [one.community for one in received],
        [one.receipt_id for one in received],
        [one.receipt_index for one in received],
    )
    return {(row["community"], row["receipt_id"], row["receipt_index"]) for row in rows}


async def receipt_counts(conn: Connection, community: str, receipt_id: str) -> dict[str, int]:
    """How many events of a receipt have each outcome."""
    rows = await conn.fetch(
        "select outcome, count(*) from receipts where community = $1 and receipt_id = $2 group by 1",
        community,
        receipt_id,
    )
    return {row["outcome"]: row["count"] for row in rows}


async def page_of_receipt(
    conn: Connection, community: str, receipt_id: str, after: int, limit: int
) -> list[Record]:
    """The outcomes of a receipt in the order of the request, beginning after an index."""
    return list(
        await conn.fetch(
            """
            select receipt_index, event_uid, outcome, reason from receipts
            where community = $1 and receipt_id = $2 and receipt_index > $3
            order by receipt_index limit $4
            """,
            community,
            receipt_id,
            after,
            limit,
        )
    )
