"""The SQL of access keys."""

from asyncpg import Record

from services.ingest.access.domain import AccessKey, KeyPlace
from shared.postgres import Connection


async def add_key(conn: Connection, *, key: AccessKey) -> None:
    """Store an access key that was issued."""
    await conn.execute(
        """
        insert into access_keys (community, key_id, name, secret_sha256, scopes, revoked)
        values ($1, $2, $3, $4, $5, $6)
        """,
        key.community,
        key.key_id,
        key.name,
        key.secret_sha256,
        key.scopes,
        key.revoked,
    )


async def set_revoked(conn: Connection, *, community: str, key_id: str) -> AccessKey | None:
    """Revoke a key; return it, or None when there is no such key."""
    row = await conn.fetchrow(
        """
        update access_keys set revoked = true where community = $1 and key_id = $2
        returning community, key_id, name, secret_sha256, scopes, revoked
        """,
        community,
        key_id,
    )
    return None if row is None else _key(row)


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
