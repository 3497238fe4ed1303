"""The only SQL of ingest."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from asyncpg import Record

from services.ingest.domain.events import IdentityKey, Outcome, ReceiptKey, Received
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


async def members_of(
    conn: Connection, identities: Iterable[IdentityKey]
) -> dict[IdentityKey, tuple[str, str | None]]:
    """The member and its name behind each known identity."""
    keys = list(identities)
    rows = await conn.fetch(
        """
        select i.community, i.channel, i.identity, i.member_id, m.name from identities i
        join unnest($1::text[], $2::text[], $3::text[]) as k(community, channel, identity)
        using (community, channel, identity)
        join members m using (community, member_id)
        """,
        [community for community, _, _ in keys],
        [channel for _, channel, _ in keys],
        [identity for _, _, identity in keys],
    )
    return {
        (row["community"], row["channel"], row["identity"]): (str(row["member_id"]), row["name"]) for row in rows
    }


async def add_members(
    conn: Connection, members: Sequence[tuple[str, str, str | None, str, datetime]]
) -> set[tuple[str, str]]:
    """Add (community, member id, name, channel, first seen) in id order; return which were not there yet."""
    rows = await conn.fetch(
        """
        insert into members (community, member_id, name, channel, first_seen_at)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
        order by 1, 2
        on conflict do nothing
        returning community, member_id
        """,
        *(list(column) for column in zip(*members, strict=True)),
    )
    return {(row["community"], str(row["member_id"])) for row in rows}


async def add_identities(conn: Connection, identities: Sequence[tuple[str, str, str, str]]) -> None:
    """Add (community, channel, identity, member id) where the identity is not known yet, in key order."""
    if not identities:
        return
    await conn.execute(
        """
        insert into identities (community, channel, identity, member_id)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[])
        order by 1, 2, 3
        on conflict do nothing
        """,
        *(list(column) for column in zip(*identities, strict=True)),
    )


async def touch_members(conn: Connection, members: Sequence[tuple[str, str, str | None]]) -> None:
    """Raise the revision of (community, member id, name), and set the name where one is given; in id order."""
    if not members:
        return
    await conn.execute(
        """
        with given as (
            select * from unnest($1::text[], $2::uuid[], $3::text[]) as g(community, member_id, name)),
        locked as (
            select community, member_id from members join given using (community, member_id)
            order by 1, 2 for no key update of members)  -- a new identity's foreign key may hold its row
        update members m set name = coalesce(g.name, m.name), revision = m.revision + 1
        from given g join locked using (community, member_id)
        where m.community = g.community and m.member_id = g.member_id
        """,
        *(list(column) for column in zip(*members, strict=True)),
    )


async def member_records(conn: Connection, keys: Sequence[tuple[str, str]]) -> list[Record]:
    """Members by (community, member id), each with all identities as `channels` and `ids`, in id order."""
    return list(
        await conn.fetch(
            """
            select m.*, array_agg(i.channel order by i.channel, i.identity) as channels,
                   array_agg(i.identity order by i.channel, i.identity) as ids
            from members m
            join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
            join identities i using (community, member_id)
            group by m.community, m.member_id
            order by m.community, m.member_id
            """,
            [community for community, _ in keys],
            [member_id for _, member_id in keys],
        )
    )


async def page_of_members(conn: Connection, community: str, after: str | None, limit: int) -> list[str]:
    """Member ids of a community in id order, beginning after one."""
    rows = await conn.fetch(
        """
        select member_id from members
        where community = $1 and ($2::uuid is null or member_id > $2) order by member_id limit $3
        """,
        community,
        after,
        limit,
    )
    return [str(row["member_id"]) for row in rows]


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


async def add_access_key(conn: Connection, community: str, key: dict[str, Any]) -> None:
    """Store an issued key: its id, name, hash and scopes."""
    await conn.execute(
        """
        insert into access_keys (community, key_id, name, secret_sha256, scopes, revoked)
        values ($1, $2, $3, $4, $5, false)
        """,
        community,
        key["key_id"],
        key["name"],
        key["secret_sha256"],
        key["scopes"],
    )


async def revoke_access_key(conn: Connection, community: str, key_id: str) -> Record | None:
    """Revoke a key; return it, or None when there is no such key."""
    return await conn.fetchrow(
        """
        update access_keys set revoked = true where community = $1 and key_id = $2
        returning key_id, name, secret_sha256, scopes, revoked
        """,
        community,
        key_id,
    )


async def page_of_access_keys(conn: Connection, community: str, after: str | None, limit: int) -> list[Record]:
    """The keys of a community in id order, without their hashes."""
    return list(
        await conn.fetch(
            """
            select key_id, name, scopes, revoked from access_keys
            where community = $1 and ($2::text is null or key_id > $2) order by key_id limit $3
            """,
            community,
            after,
            limit,
        )
    )
