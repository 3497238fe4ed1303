"""The SQL of access keys."""

from typing import Any

from asyncpg import Record

from shared.postgres import Connection


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
