"""The SQL of events and their receipts."""

from collections.abc import Collection, Sequence
from datetime import datetime

from asyncpg import Pool, UniqueViolationError

from services.ingest.events.domain.judgement import (
    REASONS,
    EventKey,
    OccupiedReceiptError,
    Outcome,
    ReceiptKey,
    Received,
    ToldEvent,
)
from services.ingest.events.domain.receipts import (
    EventPlace,
    HourCount,
    HourPlace,
    HoursWanted,
    Judged,
    Judgement,
    ReceiptPlace,
    ReceiptSummary,
    SummaryPlace,
    summary_of,
)
from shared.postgres import Connection

#: Every id begins with an r.
BEYOND_ALL_RECEIPTS = "s"


async def add_events(conn: Connection, *, received: Sequence[Received]) -> set[EventKey] | None:
    """Remember events; return the keys of those that are new, or None when each of them is.

    None spares nearly every batch the keys of its events.
    """
    rows = await conn.fetch(
        """
        insert into events (community, event_uid, content_hash)
        select distinct on (event_uid, community) community, event_uid, content_hash
        from unnest($1::text[], $2::uuid[], $3::bytea[]) with ordinality
            as e(community, event_uid, content_hash, n)
        order by event_uid, community, n
        on conflict do nothing
        returning community, event_uid
        """,
        [event.community for event in received],
        [event.uid for event in received],
        [event.hash for event in received],
    )
    if len(rows) == len(received):
        return None
    return {(row["community"], str(row["event_uid"])) for row in rows}


async def load_hashes(conn: Connection, *, keys: Collection[EventKey]) -> dict[EventKey, bytes]:
    """The content hash of each event that was accepted."""
    rows = await conn.fetch(
        """
        select community, event_uid, content_hash from events
        join unnest($1::text[], $2::uuid[]) as k(community, event_uid) using (community, event_uid)
        """,
        [community for community, _ in keys],
        [uid for _, uid in keys],
    )
    return {(row["community"], str(row["event_uid"])): row["content_hash"] for row in rows}


async def forget_events(conn: Connection, *, keys: Collection[EventKey]) -> None:
    """Forget events of this transaction that are not taken after all: sent again they are judged again."""
    await conn.execute(
        """
        delete from events e using unnest($1::text[], $2::uuid[]) as k(community, event_uid)
        where e.community = k.community and e.event_uid = k.event_uid
        """,
        [community for community, _ in keys],
        [uid for _, uid in keys],
    )


async def add_receipts(conn: Connection, *, outcomes: Sequence[tuple[Received, Outcome]]) -> None:
    """Note what became of each event.

    Raises OccupiedReceiptError when one of them has the place of another, or has a receipt already (see
    load_consumed).
    """
    # A copy costs half of what an insert does.
    try:
        await conn.copy_records_to_table(
            "receipts",
            records=[
                (event.community, event.receipt_id, event.receipt_index, event.uid, outcome, REASONS[outcome])
                for event, outcome in outcomes
            ],
            columns=("community", "receipt_id", "receipt_index", "event_uid", "outcome", "reason"),
        )
    except UniqueViolationError as error:
        raise OccupiedReceiptError("an event's place in its receipt is another event's") from error


async def load_consumed(conn: Connection, *, received: Sequence[Received]) -> set[ReceiptKey]:
    """The places in receipts that have an outcome already: records that were consumed before."""
    rows = await conn.fetch(
        """
        select community, receipt_id, receipt_index from receipts
        join unnest($1::text[], $2::text[], $3::int[]) as k(community, receipt_id, receipt_index)
        using (community, receipt_id, receipt_index)
        """,
        [event.community for event in received],
        [event.receipt_id for event in received],
        [event.receipt_index for event in received],
    )
    return {(row["community"], row["receipt_id"], row["receipt_index"]) for row in rows}


async def is_judged(conn: Connection | Pool, *, community: str, receipt_id: str) -> bool:
    """Whether an event of a receipt has an outcome."""
    found: bool = await conn.fetchval(
        "select exists (select from receipts where community = $1 and receipt_id = $2)", community, receipt_id
    )
    return found


async def count_outcomes(conn: Connection | Pool, *, community: str, receipt_id: str) -> dict[Outcome, int]:
    """How many events of a receipt have each outcome that occurs."""
    rows = await conn.fetch(
        "select outcome, count(*) from receipts where community = $1 and receipt_id = $2 group by 1",
        community,
        receipt_id,
    )
    return {Outcome(row["outcome"]): row["count"] for row in rows}


async def page_of_receipts(
    conn: Connection, *, community: str, after: SummaryPlace | None, limit_count: int
) -> list[ReceiptSummary]:
    """The receipts of a community, newest first: their ids begin with when they came.

    Goes from one receipt to the next in the primary key, and never over the events between: of a receipt with
    10,000 of them only those of the page are counted.
    """
    rows = await conn.fetch(
        """
        with recursive found as (
            (select receipt_id, 1 as n from receipts
             where community = $1 and receipt_id < $2 order by receipt_id desc limit 1)
            union all
            select (select r.receipt_id from receipts r
                    where r.community = $1 and r.receipt_id < found.receipt_id
                    order by r.receipt_id desc limit 1), n + 1
            from found where found.receipt_id is not null and n < $3)
        select receipt_id, outcome, count(*) as events
        from found join receipts using (receipt_id)
        where community = $1
        group by receipt_id, outcome
        """,
        community,
        BEYOND_ALL_RECEIPTS if after is None else after.receipt_id,
        limit_count,
    )
    counts: dict[str, dict[Outcome, int]] = {}
    for row in rows:
        counts.setdefault(row["receipt_id"], {})[Outcome(row["outcome"])] = row["events"]
    return [summary_of(receipt_id, counts[receipt_id]) for receipt_id in sorted(counts, reverse=True)]


async def page_of_places(
    conn: Connection, *, community: str, event_uid: str, after: EventPlace | None, limit_count: int
) -> list[Judged]:
    """Every time an event was received, oldest first, and what became of it then."""
    rows = await conn.fetch(
        """
        select receipt_id, receipt_index, event_uid, outcome, reason from receipts
        where community = $1 and event_uid = $2 and (receipt_id, receipt_index) > ($3, $4)
        order by receipt_id, receipt_index limit $5
        """,
        community,
        event_uid,
        *(("", -1) if after is None else after),
        limit_count,
    )
    return [
        Judged(
            summary_of(row["receipt_id"], {}).received_at,
            row["receipt_id"],
            Judgement(row["receipt_index"], str(row["event_uid"]), Outcome(row["outcome"]), row["reason"]),
        )
        for row in rows
    ]


async def add_hours(conn: Connection, *, counts: Sequence[HourCount]) -> None:
    """Count outcomes by source and hour: rows of their own, so that no worker waits for another's."""
    await conn.execute(
        """
        insert into outcome_hours (community, source, hour, outcome, events)
        select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[])
        """,
        [one.community for one in counts],
        [one.source for one in counts],
        [one.hour for one in counts],
        [one.outcome for one in counts],
        [one.events for one in counts],
    )


async def fold_hours(conn: Connection, *, before: datetime, limit_count: int) -> int:
    """Make one row of those of each source, hour and outcome before a moment; return how many there were.

    Looks at what came since it was done last, and at the one row of the same hours: whatever comes late is added.
    """
    folded: int = await conn.fetchval(
        """
        with many as (
            select distinct community, source, hour, outcome from outcome_hours
            where not folded and hour < $1 limit $2
        ), gone as (
            delete from outcome_hours o using many m
            where o.community = m.community and o.source = m.source and o.hour = m.hour and o.outcome = m.outcome
            returning o.*
        ), added as (
            insert into outcome_hours (community, source, hour, outcome, events, folded)
            select community, source, hour, outcome, sum(events), true from gone group by 1, 2, 3, 4)
        select count(*) from gone
        """,
        before,
        limit_count,
    )
    return folded


async def delete_hours(conn: Connection, *, before: datetime, limit_count: int) -> int:
    """Delete counts of hours before a moment, once they are folded; return how many rows."""
    deleted: int = await conn.fetchval(
        """
        with old as (select ctid from outcome_hours where folded and hour < $1 limit $2),
        gone as (delete from outcome_hours o using old where o.ctid = old.ctid returning 1)
        select count(*) from gone
        """,
        before,
        limit_count,
    )
    return deleted


async def page_of_hours(
    conn: Connection, *, community: str, wanted: HoursWanted, after: HourPlace | None, limit_count: int
) -> list[HourCount]:
    """How many events had each outcome, by hour and source: newest hours first."""
    rows = await conn.fetch(
        """
        select hour, source, outcome, sum(events)::bigint as events from outcome_hours
        where community = $1 and hour >= $2 and hour < $3 and ($4::text is null or source = $4)
            and ($5::timestamptz is null or hour < $5 or (hour = $5 and (source, outcome) > ($6, $7)))
        group by hour, source, outcome order by hour desc, source, outcome limit $8
        """,
        community,
        wanted.since,
        wanted.until,
        wanted.source,
        *((None, None, None) if after is None else after),
        limit_count,
    )
    return [
        HourCount(community, row["source"], row["hour"], Outcome(row["outcome"]), row["events"]) for row in rows
    ]


async def page_of_judgements(
    conn: Connection | Pool, *, community: str, receipt_id: str, after: ReceiptPlace | None, limit_count: int
) -> list[Judgement]:
    """What became of the events of a receipt, in the order of the request."""
    rows = await conn.fetch(
        """
        select receipt_index, event_uid, outcome, reason from receipts
        where community = $1 and receipt_id = $2 and receipt_index > $3
        order by receipt_index limit $4
        """,
        community,
        receipt_id,
        -1 if after is None else after.event_index,
        limit_count,
    )
    return [
        Judgement(row["receipt_index"], str(row["event_uid"]), Outcome(row["outcome"]), row["reason"])
        for row in rows
    ]


async def add_events_as_told(conn: Connection, *, events: Sequence[ToldEvent]) -> None:
    """Remember events that were accepted before, and when; those that are known change nothing."""
    await conn.execute(
        """
        with added as (
            insert into events (community, event_uid, content_hash)
            select community, event_uid, content_hash
            from unnest($1::text[], $2::uuid[], $3::bytea[]) as e(community, event_uid, content_hash)
            on conflict do nothing
            returning community, event_uid)
        insert into events_read_back (community, event_uid, received_at)
        select distinct on (event_uid, community) community, event_uid, received_at
        from added
        join unnest($1::text[], $2::uuid[], $4::timestamptz[]) as t(community, event_uid, received_at)
            using (community, event_uid)
        order by event_uid, community, received_at
        on conflict do nothing
        """,
        [event.community for event in events],
        [event.uid for event in events],
        [event.hash for event in events],
        [event.received_at for event in events],
    )


async def load_read_back(conn: Connection, *, keys: Collection[EventKey]) -> dict[EventKey, datetime]:
    """When those of these events were received that were read back, and are still to be judged again."""
    rows = await conn.fetch(
        """
        select community, event_uid, received_at from events_read_back
        join unnest($1::text[], $2::uuid[]) as k(community, event_uid) using (community, event_uid)
        """,
        [community for community, _ in keys],
        [uid for _, uid in keys],
    )
    return {(row["community"], str(row["event_uid"])): row["received_at"] for row in rows}


async def forget_read_back(conn: Connection, *, keys: Collection[EventKey]) -> None:
    """These events were judged again."""
    await conn.execute(
        """
        delete from events_read_back r using unnest($1::text[], $2::uuid[]) as k(community, event_uid)
        where r.community = k.community and r.event_uid = k.event_uid
        """,
        [community for community, _ in keys],
        [uid for _, uid in keys],
    )
