"""The SQL of the queue of goods, and of addresses."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from services.rewards.fulfilment.store import fulfilment_of
from services.rewards.shipping.domain import SealedAddress, ToSend, ToSendFilter, ToSendPlace, Waiting
from shared.postgres import Connection

_TO_SEND = """
    select f.*, r.title, r.member_id, m.name,
        exists (select from delivery_addresses a
            where a.community = f.community and a.redemption_id = f.redemption_id and a.sealed is not null)
            as has_address
    from fulfilments f join redemptions r using (community, redemption_id)
        left join followed_members m using (community, member_id)
"""


def _to_send(row: Record) -> ToSend:
    return ToSend(fulfilment_of(row), row["title"], str(row["member_id"]), row["name"], row["has_address"])


async def find_to_send(conn: Connection, *, community: str, redemption_id: str) -> ToSend | None:
    """What a redemption is of that somebody of the community sends."""
    row = await conn.fetchrow(
        f"{_TO_SEND} where f.community = $1 and f.redemption_id = $2 and f.fulfilled_by = 'hand'",
        community,
        redemption_id,
    )
    return None if row is None else _to_send(row)


async def page_of_to_send(
    conn: Connection, wanted: ToSendFilter, *, community: str, after: ToSendPlace | None, limit: int
) -> list[ToSend]:
    """Goods that the community sends, what waits longest first, beginning after a place."""
    rows = await conn.fetch(
        f"""
        {_TO_SEND}
        where f.community = $1 and f.fulfilled_by = 'hand' and ($2::text is null or f.state = $2)
            and ($3::uuid is null or f.held_by = $3)
            and ($4::uuid is null or f.redemption_id = $4)
            and ($5::timestamptz is null or (f.created_at, f.redemption_id) > ($5, $6::uuid))
        order by f.created_at, f.redemption_id limit $7
        """,
        community,
        wanted.state,
        wanted.held_by,
        wanted.redemption_id,
        *(after or (None, None)),
        limit,
    )
    return [_to_send(row) for row in rows]


async def put_address(conn: Connection, address: SealedAddress, *, at: datetime, by: str) -> int:
    """Keep where goods are to be sent, instead of what was said before; which revision it is."""
    revision: int = await conn.fetchval(
        """
        insert into delivery_addresses as a (community, redemption_id, revision, sealed_by, sealed, put_at, put_by)
        values ($1, $2, 1, $3, $4, $5, $6)
        on conflict (community, redemption_id) do update
        set revision = a.revision + 1, sealed_by = excluded.sealed_by, sealed = excluded.sealed,
            put_at = excluded.put_at, put_by = excluded.put_by, blanked_at = null
        returning revision
        """,
        *address,
        at,
        by,
    )
    return revision


async def load_addresses(
    conn: Connection, redemption_ids: Sequence[str], *, community: str
) -> dict[str, SealedAddress]:
    """Addresses that there are, by redemption."""
    rows = await conn.fetch(
        """
        select * from delivery_addresses
        where community = $1 and redemption_id = any($2::uuid[]) and sealed is not null
        """,
        community,
        list(redemption_ids),
    )
    return {str(row["redemption_id"]): _sealed(row) for row in rows}


async def lock_sealed_by(conn: Connection, key_ids: Sequence[str], *, limit: int) -> list[SealedAddress]:
    """Addresses that one of these keys sealed, locked; those that somebody works on are left for later."""
    rows = await conn.fetch(
        """
        select * from delivery_addresses where sealed_by = any($1::text[]) and sealed is not null
        order by community, redemption_id limit $2 for update skip locked
        """,
        list(key_ids),
        limit,
    )
    return [_sealed(row) for row in rows]


async def set_sealed(conn: Connection, addresses: Sequence[SealedAddress]) -> None:
    """Write what addresses are sealed as now."""
    await conn.execute(
        """
        update delivery_addresses a set sealed_by = k.sealed_by, sealed = k.sealed
        from unnest($1::text[], $2::uuid[], $3::text[], $4::bytea[])
            as k(community, redemption_id, sealed_by, sealed)
        where a.community = k.community and a.redemption_id = k.redemption_id
        """,
        [one.community for one in addresses],
        [one.redemption_id for one in addresses],
        [one.sealed_by for one in addresses],
        [one.content for one in addresses],
    )


async def count_sealed_otherwise(conn: Connection, *, key_ids: Sequence[str]) -> int:
    """How many addresses none of these keys sealed."""
    count: int = await conn.fetchval(
        "select count(*) from delivery_addresses where sealed is not null and sealed_by <> all($1::text[])",
        list(key_ids),
    )
    return count


async def blank_old(conn: Connection, *, before: datetime, at: datetime, limit: int) -> int:
    """Delete what the addresses say of goods that were over before a time, and where they could be followed."""
    rows = await conn.fetch(
        """
        select a.community, a.redemption_id::text
        from delivery_addresses a join fulfilments f using (community, redemption_id)
        where a.sealed is not null and f.state in ('fulfilled', 'compensated') and f.changed_at < $1
        order by f.changed_at limit $2 for update of a skip locked
        """,
        before,
        limit,
    )
    await _blank(conn, [tuple(row) for row in rows], at=at)
    return len(rows)


async def forget_addresses(conn: Connection, *, community: str, member_ids: Sequence[str], at: datetime) -> int:
    """Delete what the addresses of members say, and where their goods could be followed; how many."""
    rows = await conn.fetch(
        """
        select f.community, f.redemption_id::text
        from fulfilments f join redemptions r using (community, redemption_id)
        where r.community = $1 and r.member_id = any($2::uuid[])
            and (f.tracking_url is not null or exists (
                select from delivery_addresses a
                where a.community = f.community and a.redemption_id = f.redemption_id and a.sealed is not null))
        """,
        community,
        list(member_ids),
    )
    await _blank(conn, [tuple(row) for row in rows], at=at)
    return len(rows)


async def _blank(conn: Connection, keys: Sequence[tuple[str, str]], *, at: datetime) -> None:
    communities, redemption_ids = (
        [community for community, _ in keys],
        [redemption_id for _, redemption_id in keys],
    )
    await conn.execute(
        """
        update delivery_addresses a set sealed = null, sealed_by = null, blanked_at = $3
        from unnest($1::text[], $2::uuid[]) as k(community, redemption_id)
        where a.community = k.community and a.redemption_id = k.redemption_id and a.sealed is not null
        """,
        communities,
        redemption_ids,
        at,
    )
    await conn.execute(
        """
        update fulfilments f set tracking_url = null
        from unnest($1::text[], $2::uuid[]) as k(community, redemption_id)
        where f.community = k.community and f.redemption_id = k.redemption_id and f.tracking_url is not null
        """,
        communities,
        redemption_ids,
    )


async def find_waiting(conn: Connection) -> Waiting:
    """What waits to be sent in all communities."""
    row = await conn.fetchrow(
        """
        select count(*) as count, min(greatest(f.created_at, a.put_at)) as since
        from fulfilments f join delivery_addresses a using (community, redemption_id)
        where f.state in ('reserved', 'in_hand') and f.fulfilled_by = 'hand' and a.sealed is not null
        """
    )
    return Waiting(row["count"], row["since"]) if row else Waiting(0, None)


def _sealed(row: Record) -> SealedAddress:
    return SealedAddress(row["community"], str(row["redemption_id"]), row["sealed_by"], row["sealed"])
