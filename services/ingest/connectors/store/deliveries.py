"""The SQL of deliveries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connectors.engine import State
from services.ingest.communities.store import Retained
from services.ingest.connectors.domain.deliveries import (
    DeliveriesWanted,
    DeliveryPlace,
    HourCount,
    HourPlace,
    Kept,
)
from services.ingest.measuring.domain.texts import Sealed
from shared.postgres import Connection

RETAINED = Retained("deliveries", ("connection", "delivery_id"), "rejected_days")
_COLUMNS = """
community, connection, delivery_id::text, fingerprint, platform_id, event, received_at, outcome, reason,
event_uids::text[], receipt_id, settled_at, copies, bytes, sealed is not null as is_kept, queued_at,
about::text[], content as alike, told_at
"""


async def add_delivery(conn: Connection, *, delivery: Kept) -> bool:
    """Keep a delivery; False when the same is there already."""
    key_id, sealed = delivery.sealed or (None, None)
    added = await conn.fetchval(
        """
        insert into deliveries (community, connection, delivery_id, fingerprint, platform_id, event, received_at,
            outcome, reason, event_uids, receipt_id, settled_at, bytes, key_id, sealed, about,
            content, told_at)
        values ($1, $2, $3::text::uuid, $4, $5, $6, $7, $8, $9, $10::text[]::uuid[], $11, $12, $13, $14, $15,
            $16::text[]::uuid[], $17, $18)
        on conflict (community, connection, fingerprint) do nothing returning true
        """,
        delivery.community,
        delivery.connection,
        delivery.delivery_id,
        delivery.fingerprint,
        delivery.platform_id,
        delivery.event,
        delivery.received_at,
        delivery.outcome,
        delivery.reason,
        list(delivery.event_uids),
        delivery.receipt_id,
        delivery.settled_at,
        delivery.bytes_count,
        key_id,
        sealed,
        list(delivery.about),
        delivery.content,
        delivery.told_at,
    )
    return bool(added)


async def find_same(conn: Connection, *, community: str, connection: str, fingerprint: bytes) -> Kept | None:
    """The delivery with that fingerprint; None when there is none."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from deliveries where community = $1 and connection = $2 and fingerprint = $3",  # noqa: S608
        community,
        connection,
        fingerprint,
    )
    return None if row is None else _kept(row)


async def find_alike(conn: Connection, *, community: str, connection: str, content: bytes) -> Kept | None:
    """The last delivery whose content is alike; None when there is none."""
    row = await conn.fetchrow(
        f"""
        select {_COLUMNS} from deliveries where community = $1 and connection = $2 and content = $3
        order by delivery_id desc limit 1
        """,  # noqa: S608 -- of the code
        community,
        connection,
        content,
    )
    return None if row is None else _kept(row)


async def find_later_about(conn: Connection, *, delivery: Kept) -> str | None:
    """The first delivery after this one that is about an event that it is about; None when there is none."""
    found: str | None = await conn.fetchval(
        """
        select delivery_id::text from deliveries
        where about && $4::text[]::uuid[] and about <> '{}' and community = $1 and connection = $2
            and delivery_id > $3::text::uuid
        order by delivery_id limit 1
        """,
        *_key(delivery),
        list(delivery.about),
    )
    return found


async def note_copy(conn: Connection, *, delivery: Kept) -> None:
    """Count that a delivery came again."""
    await conn.execute(
        """
        update deliveries set copies = least(copies + 1, 1000000)
        where community = $1 and connection = $2 and delivery_id = $3::text::uuid
        """,
        *_key(delivery),
    )


async def find_delivery(
    conn: Connection, *, community: str, connection: str, delivery_id: str, lock: bool = False
) -> Kept | None:
    """A delivery; None when there is none. With `lock` it comes with its bytes, and nobody else changes it."""
    row = await conn.fetchrow(
        f"""
        select {_COLUMNS}{", key_id, sealed as content" * lock} from deliveries
        where community = $1 and connection = $2 and delivery_id = $3::text::uuid{" for update" * lock}
        """,  # noqa: S608 -- of the code
        community,
        connection,
        delivery_id,
    )
    return None if row is None else _kept(row, is_whole=lock)


async def page_of_deliveries(
    conn: Connection, *, community: str, wanted: DeliveriesWanted, after: DeliveryPlace | None, limit_count: int
) -> list[Kept]:
    """Deliveries of a connection, the newest first."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from deliveries
        where community = $1 and connection = $2 and ($3::text is null or outcome = $3)
            and ($4::text is null or platform_id = $4) and ($5::text is null or delivery_id < $5::text::uuid)
        order by delivery_id desc limit $6
        """,  # noqa: S608 -- of the code
        community,
        wanted.connection,
        wanted.outcome,
        wanted.platform_id,
        None if after is None else after.delivery_id,
        limit_count,
    )
    return [_kept(row) for row in rows]


async def set_outcome(conn: Connection, *, delivery: Kept) -> None:
    """Note what became of a delivery that was mapped again; of what became something the bytes go."""
    await conn.execute(
        """
        update deliveries set event = $4, outcome = $5, reason = $6, event_uids = $7::text[]::uuid[],
            receipt_id = $8, settled_at = $9, queued_at = null, about = $11::text[]::uuid[],
            key_id = case when $10 then key_id end, sealed = case when $10 then sealed end
        where community = $1 and connection = $2 and delivery_id = $3::text::uuid
        """,
        *_key(delivery),
        delivery.event,
        delivery.outcome,
        delivery.reason,
        list(delivery.event_uids),
        delivery.receipt_id,
        delivery.settled_at,
        delivery.is_kept,
        list(delivery.about),
    )


async def queue_deliveries(
    conn: Connection, *, community: str, connection: str, outcomes: Sequence[State], at: datetime
) -> int:
    """Have deliveries with these outcomes mapped again; return how many wait that did not."""
    status: str = await conn.execute(
        """
        with locked as (
            select delivery_id from deliveries
            where community = $1 and connection = $2 and outcome = any($3::text[]) and sealed is not null
                and queued_at is null
            order by delivery_id for update)
        update deliveries d set queued_at = $4 from locked l
        where d.community = $1 and d.connection = $2 and d.delivery_id = l.delivery_id
        """,
        community,
        connection,
        list(outcomes),
        at,
    )
    return int(status.rsplit(" ", 1)[1])


async def lock_queued(conn: Connection, *, limit_count: int) -> list[Kept]:
    """Lock deliveries that wait to be mapped again, with their bytes: those of each community in turn."""
    rows = await conn.fetch(
        f"""
        with next as (
            select n.* from (select distinct community from deliveries where queued_at is not null) c
            cross join lateral (
                select community, connection, delivery_id, row_number() over (order by queued_at, delivery_id) as n
                from deliveries where community = c.community and queued_at is not null
                order by queued_at, delivery_id limit $1) n
            order by n.n, n.community limit $1)
        select {_COLUMNS}, key_id, sealed as content from deliveries
        where (community, connection, delivery_id) in (select community, connection, delivery_id from next)
        order by community, delivery_id for update skip locked
        """,  # noqa: S608 -- of the code
        limit_count,
    )
    return [_kept(row, is_whole=True) for row in rows]


async def count_hours(
    conn: Connection, *, community: str, connection: str, hour: datetime, changes: Sequence[tuple[str, int]]
) -> None:
    """Add to how many deliveries of an hour have each outcome; less than 0 takes away."""
    await conn.execute(
        """
        insert into delivery_hours as h (community, connection, hour, outcome, deliveries)
        select $1, $2, $3, outcome, deliveries from unnest($4::text[], $5::bigint[]) as c(outcome, deliveries)
        order by outcome
        on conflict (community, connection, hour, outcome) do update
        set deliveries = greatest(h.deliveries + excluded.deliveries, 0)
        """,
        community,
        connection,
        hour,
        [outcome for outcome, _ in changes],
        [deliveries for _, deliveries in changes],
    )


async def page_of_hours(
    conn: Connection,
    *,
    community: str,
    connection: str,
    since: datetime,
    until: datetime,
    after: HourPlace | None,
    limit_count: int,
) -> list[HourCount]:
    """How many deliveries have each outcome, by hour: the newest first."""
    rows = await conn.fetch(
        """
        select hour, outcome, deliveries from delivery_hours
        where community = $1 and connection = $2 and hour >= $3 and hour < $4 and deliveries > 0
            and ($5::timestamptz is null or hour < $5 or (hour = $5 and outcome > $6))
        order by hour desc, outcome limit $7
        """,
        community,
        connection,
        since,
        until,
        *((None, None) if after is None else after),
        limit_count,
    )
    return [HourCount(row["hour"], row["outcome"], row["deliveries"]) for row in rows]


async def delete_old_hours(conn: Connection, *, before: datetime, limit_count: int) -> None:
    """Delete counts of hours before a moment."""
    await conn.execute(
        """
        delete from delivery_hours where (community, connection, hour, outcome) in (
            select community, connection, hour, outcome from delivery_hours where hour < $1 limit $2)
        """,
        before,
        limit_count,
    )


async def drop_bytes_beyond(conn: Connection, *, bytes_max: int, why: str) -> int:
    """Drop the bytes of the oldest deliveries of communities that keep more of them; return of how many."""
    status: str = await conn.execute(
        """
        update deliveries d set sealed = null, key_id = null, queued_at = null, reason = $2
        from (select community, connection, delivery_id,
                     sum(bytes) over (partition by community order by delivery_id desc) as from_here
              from deliveries where sealed is not null) k
        where k.from_here > $1 and d.community = k.community and d.connection = k.connection
            and d.delivery_id = k.delivery_id
        """,
        bytes_max,
        why,
    )
    return int(status.rsplit(" ", 1)[1])


async def page_of_sealed(
    conn: Connection, *, community: str, after: DeliveryPlace | None, limit_count: int
) -> list[Kept]:
    """Deliveries of a community with their bytes, the newest first."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS}, key_id, sealed as content from deliveries
        where community = $1 and sealed is not null and ($2::text is null or delivery_id < $2::text::uuid)
        order by delivery_id desc limit $3
        """,  # noqa: S608 -- of the code
        community,
        None if after is None else after.delivery_id,
        limit_count,
    )
    return [_kept(row, is_whole=True) for row in rows]


async def drop_bytes(conn: Connection, *, deliveries: Sequence[Kept], why: str) -> None:
    """Drop the bytes of deliveries; `why` is their reason from now on."""
    await conn.execute(
        """
        update deliveries d set sealed = null, key_id = null, queued_at = null, reason = $4
        from unnest($1::text[], $2::text[], $3::text[]) as g(community, connection, delivery_id)
        where d.community = g.community and d.connection = g.connection
            and d.delivery_id = g.delivery_id::uuid
        """,
        [one.community for one in deliveries],
        [one.connection for one in deliveries],
        [one.delivery_id for one in deliveries],
        why,
    )


async def lock_sealed_otherwise(
    conn: Connection, *, key_id: str, known_ids: Sequence[str], limit_count: int
) -> list[Kept]:
    """Lock deliveries that another key than this one seals, of those that are known."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS}, key_id, sealed as content from deliveries
        where sealed is not null and key_id <> $1 and key_id = any($2::text[])
        order by community, delivery_id limit $3 for update skip locked
        """,  # noqa: S608 -- of the code
        key_id,
        list(known_ids),
        limit_count,
    )
    return [_kept(row, is_whole=True) for row in rows]


async def set_sealed(conn: Connection, *, delivery: Kept, sealed: Sealed | None) -> None:
    """Keep a delivery's bytes as they are sealed now; None: they are gone."""
    await conn.execute(
        """
        update deliveries set key_id = $4, sealed = $5
        where community = $1 and connection = $2 and delivery_id = $3::text::uuid
        """,
        *_key(delivery),
        *(sealed or (None, None)),
    )


def _key(delivery: Kept) -> tuple[str, str, str]:
    return delivery.community, delivery.connection, delivery.delivery_id


def _kept(row: Any, *, is_whole: bool = False) -> Kept:
    sealed = Sealed(row["key_id"], row["content"]) if is_whole and row["content"] is not None else None
    return Kept(
        community=row["community"],
        connection=row["connection"],
        delivery_id=row["delivery_id"],
        fingerprint=row["fingerprint"],
        platform_id=row["platform_id"],
        event=row["event"],
        received_at=row["received_at"],
        outcome=State(row["outcome"]),
        reason=row["reason"],
        event_uids=row["event_uids"],
        receipt_id=row["receipt_id"],
        settled_at=row["settled_at"],
        copies_count=row["copies"],
        bytes_count=row["bytes"],
        is_kept=row["is_kept"],
        sealed=sealed,
        queued_at=row["queued_at"],
        about=row["about"],
        content=row["alike"],
        told_at=row["told_at"],
    )
