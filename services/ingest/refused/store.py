"""The SQL of what was refused."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from services.ingest.communities.store import Retained
from services.ingest.refused.domain import Cause, Refused, RefusedFilter, RefusedPlace
from shared.postgres import Connection

RETAINED = Retained("refused_events", ("refused_id",), "rejected_days")
_COLUMNS = """
    community, refused_id::text, cause, receipt_id, receipt_index, event_uid::text, event_type, member_id::text,
    received_at, size_bytes, key_id, sealed, stands, looked_at, replayed_at, replayed_as
"""
#: After every id.
BEYOND_ALL = "ffffffff-ffff-ffff-ffff-ffffffffffff"


async def add_refused(conn: Connection, *, refused: Sequence[Refused]) -> None:
    """Keep what was refused."""
    await conn.copy_records_to_table(
        "refused_events",
        records=[
            (
                *(one.community, one.refused_id, one.cause, one.receipt_id, one.receipt_index, one.event_uid),
                *(one.event_type, one.member_id, one.received_at, one.size_bytes, one.key_id, one.sealed),
            )
            for one in refused
        ],
        columns=(
            *("community", "refused_id", "cause", "receipt_id", "receipt_index", "event_uid"),
            *("event_type", "member_id", "received_at", "size_bytes", "key_id", "sealed"),
        ),
    )


async def delete_beyond(conn: Connection, *, community: str, max_count: int, max_bytes: int) -> int:
    """Delete the oldest of a community beyond a number of them, or of their bytes; return how many."""
    status: str = await conn.execute(
        """
        with ordered as (
            select refused_id, row_number() over newest as n, sum(size_bytes) over newest as total
            from refused_events where community = $1 window newest as (order by refused_id desc))
        delete from refused_events r using ordered o
        where r.community = $1 and r.refused_id = o.refused_id and (o.n > $2 or o.total > $3)
        """,
        community,
        max_count,
        max_bytes,
    )
    return int(status.rsplit(" ", 1)[1])


async def find_refused(conn: Connection, *, community: str, refused_id: str) -> Refused | None:
    """One of them; None where it is not kept."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from refused_events where community = $1 and refused_id = $2",  # noqa: S608 -- of the code
        community,
        refused_id,
    )
    return None if row is None else _refused(row)


async def lock_refused(conn: Connection, *, community: str, refused_id: str) -> Refused | None:
    """Lock one of them until the transaction ends; None where it is not kept."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from refused_events where community = $1 and refused_id = $2 for update",  # noqa: S608 -- of the code
        community,
        refused_id,
    )
    return None if row is None else _refused(row)


async def lock_matching(
    conn: Connection, *, community: str, wanted: RefusedFilter, limit_count: int
) -> list[Refused]:
    """Lock those that were not sent again yet, oldest first; what said otherwise would do so again."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from refused_events
        where community = $1 and replayed_at is null and cause <> 'conflict' and ($2::text is null or cause = $2)
            and ($3::text is null or event_type = $3)
        order by refused_id limit $4 for update skip locked
        """,  # noqa: S608 -- of the code
        community,
        wanted.cause,
        wanted.event_type,
        limit_count,
    )
    return [_refused(row) for row in rows]


async def page_of_refused(
    conn: Connection, *, community: str, wanted: RefusedFilter, after: RefusedPlace | None, limit_count: int
) -> list[Refused]:
    """What was refused, newest first."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from refused_events
        where community = $1 and refused_id < $2 and ($3::text is null or cause = $3)
            and ($4::text is null or event_type = $4)
            and ($5::bool is null or (replayed_at is not null) = $5)
        order by refused_id desc limit $6
        """,  # noqa: S608 -- of the code
        community,
        BEYOND_ALL if after is None else after.refused_id,
        wanted.cause,
        wanted.event_type,
        wanted.is_replayed,
        limit_count,
    )
    return [_refused(row) for row in rows]


async def page_of_receipt(
    conn: Connection, *, community: str, receipt_id: str, after_index: int, limit_count: int
) -> list[Refused]:
    """What was refused of a request at its door, in its order."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from refused_events
        where community = $1 and receipt_id = $2 and receipt_index > $3 and cause <> 'conflict'
        order by receipt_index, refused_id limit $4
        """,  # noqa: S608 -- of the code
        community,
        receipt_id,
        after_index,
        limit_count,
    )
    return [_refused(row) for row in rows]


async def page_of_event(
    conn: Connection, *, community: str, event_uid: str, after: tuple[str, int], limit_count: int
) -> list[Refused]:
    """Every time that an event was refused at the door, oldest first."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from refused_events
        where community = $1 and event_uid = $2 and (receipt_id, receipt_index) > ($3, $4) and cause <> 'conflict'
        order by receipt_id, receipt_index, refused_id limit $5
        """,  # noqa: S608 -- of the code
        community,
        event_uid,
        *after,
        limit_count,
    )
    return [_refused(row) for row in rows]


async def count_of_receipts(conn: Connection, *, community: str, receipt_ids: Collection[str]) -> dict[str, int]:
    """How much of each request was refused at the door, of those of which something was."""
    rows = await conn.fetch(
        """
        select receipt_id, count(*) as refused from refused_events
        where community = $1 and receipt_id = any($2::text[]) and cause <> 'conflict' group by 1
        """,
        community,
        list(receipt_ids),
    )
    return {row["receipt_id"]: row["refused"] for row in rows}


async def count_by_cause(conn: Connection, *, community: str) -> dict[Cause, int]:
    """How many of each cause wait to be mended."""
    rows = await conn.fetch(
        """
        select cause, count(*) as kept from refused_events
        where community = $1 and replayed_at is null group by 1
        """,
        community,
    )
    return {Cause(row["cause"]): row["kept"] for row in rows}


async def set_replayed(
    conn: Connection, *, community: str, refused_ids: Collection[str], receipt_id: str, at: datetime
) -> None:
    """They were sent again, in a request of that receipt."""
    await conn.execute(
        """
        update refused_events set replayed_at = $4, replayed_as = $3
        where community = $1 and refused_id = any($2::uuid[])
        """,
        community,
        list(refused_ids),
        receipt_id,
        at,
    )


async def lock_unlooked(conn: Connection, *, limit_count: int) -> list[tuple[Refused, str | None]]:
    """Lock events that say otherwise and of which it is to be found what stands: each with the receipt of that."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS}, (
            select receipt_id from receipts t
            where t.community = r.community and t.event_uid = r.event_uid and t.outcome = 'accepted'
            order by receipt_id limit 1) as stands_receipt_id
        from refused_events r where cause = 'conflict' and looked_at is null
        order by refused_id limit $1 for update of r skip locked
        """,  # noqa: S608 -- of the code
        limit_count,
    )
    return [(_refused(row), row["stands_receipt_id"]) for row in rows]


async def set_stands(conn: Connection, *, refused: Refused, stands: bytes | None, at: datetime) -> None:
    """Keep what stands, sealed; None where it was looked for and not found."""
    await conn.execute(
        "update refused_events set stands = $3, looked_at = $4 where community = $1 and refused_id = $2",
        refused.community,
        refused.refused_id,
        stands,
        at,
    )


async def lock_sealed_otherwise(
    conn: Connection, *, key_id: str, known_ids: Collection[str], limit_count: int
) -> list[Refused]:
    """Lock those that another key than this one seals, of those that are known."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from refused_events where key_id <> $1 and key_id = any($2::text[])
        order by community, refused_id limit $3
        for update skip locked
        """,  # noqa: S608 -- of the code
        key_id,
        list(known_ids),
        limit_count,
    )
    return [_refused(row) for row in rows]


async def set_sealed(conn: Connection, *, refused: Sequence[Refused]) -> None:
    """Keep them as they are sealed now."""
    await conn.execute(
        """
        update refused_events r set key_id = n.key_id, sealed = n.sealed, stands = n.stands
        from unnest($1::text[], $2::uuid[], $3::text[], $4::bytea[], $5::bytea[])
            as n(community, refused_id, key_id, sealed, stands)
        where r.community = n.community and r.refused_id = n.refused_id
        """,
        [one.community for one in refused],
        [one.refused_id for one in refused],
        [one.key_id for one in refused],
        [one.sealed for one in refused],
        [one.stands for one in refused],
    )


def _refused(row: Any) -> Refused:
    return Refused(
        community=row["community"],
        refused_id=row["refused_id"],
        cause=Cause(row["cause"]),
        receipt_id=row["receipt_id"],
        receipt_index=row["receipt_index"],
        event_uid=row["event_uid"],
        event_type=row["event_type"],
        member_id=row["member_id"],
        received_at=row["received_at"],
        size_bytes=row["size_bytes"],
        key_id=row["key_id"],
        sealed=row["sealed"],
        stands=row["stands"],
        looked_at=row["looked_at"],
        replayed_at=row["replayed_at"],
        replayed_as=row["replayed_as"],
    )
