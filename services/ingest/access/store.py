"""The SQL of access keys."""

from collections.abc import Sequence

from asyncpg import Record

from services.ingest.access.domain import AccessKey, KeyPlace
from shared.postgres import Connection


async def add_key(conn: Connection, *, key: AccessKey, signed_with: str | None) -> None:
    """Store an access key that was issued, or that was revoked without having been; and who signs that it was."""
    await conn.execute(
        """
        insert into access_keys (community, key_id, name, secret_sha256, scopes, revoked, signed_with)
        values ($1, $2, $3, $4, $5, $6, $7)
        """,
        key.community,
        key.key_id,
        key.name,
        key.secret_sha256,
        key.scopes,
        key.revoked,
        signed_with,
    )


async def set_revoked(
    conn: Connection, *, community: str, key_id: str, signed_with: str | None
) -> AccessKey | None:
    """Revoke a key, and note who signs that; return it, or None when there is no such key."""
    row = await conn.fetchrow(
        """
        update access_keys set revoked = true, signed_with = $3 where community = $1 and key_id = $2
        returning community, key_id, name, secret_sha256, scopes, revoked
        """,
        community,
        key_id,
        signed_with,
    )
    return None if row is None else _key(row)


async def lock_keys_signed_otherwise(conn: Connection, *, signed_with: str, limit_count: int) -> list[AccessKey]:
    """Access keys whose newest fact another key has signed, or none; locked in the order of their primary key."""
    rows = await conn.fetch(
        """
        select community, key_id, name, secret_sha256, scopes, revoked from access_keys
        where signed_with is distinct from $1 order by community, key_id limit $2 for update
        """,
        signed_with,
        limit_count,
    )
    return [_key(row) for row in rows]


async def set_signed_with(conn: Connection, *, keys: Sequence[AccessKey], signed_with: str) -> None:
    """Note who has signed the newest facts about these keys."""
    await conn.execute(
        """
        update access_keys a set signed_with = $3
        from unnest($1::text[], $2::text[]) as k(community, key_id)
        where a.community = k.community and a.key_id = k.key_id
        """,
        [key.community for key in keys],
        [key.key_id for key in keys],
        signed_with,
    )


async def count_keys_signed_otherwise(conn: Connection, *, signed_with: str) -> int:
    """How many access keys there are whose newest fact another key has signed, or none."""
    count: int = await conn.fetchval(
        "select count(*) from access_keys where signed_with is distinct from $1", signed_with
    )
    return count


async def page_of_keys(
    conn: Connection, *, community: str, after: KeyPlace | None, limit_count: int
) -> list[AccessKey]:
    """The keys of a community in the order of their ids."""
    rows = await conn.fetch(
        """
        select community, key_id, name, secret_sha256, scopes, revoked from access_keys
        where community = $1 and ($2::text is null or key_id > $2) order by key_id limit $3
        """,
        community,
        None if after is None else after.key_id,
        limit_count,
    )
    return [_key(row) for row in rows]


def _key(row: Record) -> AccessKey:
    return AccessKey(
        community=row["community"],
        key_id=row["key_id"],
        name=row["name"],
        secret_sha256=row["secret_sha256"],
        scopes=tuple(row["scopes"]),
        revoked=row["revoked"],
    )
