"""The SQL of access keys."""

from collections.abc import Sequence

from asyncpg import Record

from services.ingest.access.keys.domain import AccessKey, KeyPlace
from shared.postgres import Connection

_COLUMNS = """
community, key_id, person_id, name, secret_sha256, scopes, created_at, issued_by, expires_at, replaced_by,
last_used_at, revoked
"""


async def add_key(conn: Connection, *, key: AccessKey, signed_with: str | None) -> None:
    """Store an access key that was issued, or that was revoked without having been; and who signs that it was."""
    await conn.execute(
        """
        insert into access_keys (
            community, key_id, person_id, name, secret_sha256, scopes, created_at, issued_by, expires_at, revoked,
            signed_with)
        values ($1, $2, $3::text::uuid, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        key.community,
        key.key_id,
        key.person_id,
        key.name,
        key.secret_sha256,
        key.scopes,
        key.created_at,
        key.issued_by,
        key.expires_at,
        key.revoked,
        signed_with,
    )


async def has_had_key(conn: Connection, *, person_id: str) -> bool:
    """Whether a key was ever issued for the person, in any community."""
    found: bool = await conn.fetchval(
        "select exists (select from access_keys where person_id = $1::text::uuid)", person_id
    )
    return found


async def lock_key(conn: Connection, *, community: str, key_id: str) -> AccessKey | None:
    """A key, locked until the transaction ends; None when there is none."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from access_keys where community = $1 and key_id = $2 for update",  # noqa: S608
        community,
        key_id,
    )
    return None if row is None else _key(row)


async def lock_key_id(conn: Connection, *, community: str, key_id: str) -> None:
    """Lock the id of a key that may not be there, until the transaction ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"key {community} {key_id}")


async def set_replaced(conn: Connection, *, key: AccessKey, signed_with: str | None) -> None:
    """Store when a key that was rotated ends, by which it is replaced, and who signs that."""
    await conn.execute(
        """
        update access_keys set expires_at = $3, replaced_by = $4, signed_with = $5
        where community = $1 and key_id = $2
        """,
        key.community,
        key.key_id,
        key.expires_at,
        key.replaced_by,
        signed_with,
    )


async def set_revoked(
    conn: Connection, *, community: str, key_id: str, signed_with: str | None
) -> AccessKey | None:
    """Revoke a key, and note who signs that; return it, or None when there is no such key."""
    row = await conn.fetchrow(
        f"""
        update access_keys set revoked = true, signed_with = $3 where community = $1 and key_id = $2
        returning {_COLUMNS}
        """,  # noqa: S608 -- a constant
        community,
        key_id,
        signed_with,
    )
    return None if row is None else _key(row)


async def lock_keys_signed_otherwise(
    conn: Connection, *, signed_with: str | None, limit_count: int
) -> list[AccessKey]:
    """Access keys whose newest fact is signed otherwise, or is still to be told; locked in their order."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from access_keys
        where signed_with is distinct from $1 order by community, key_id limit $2 for update
        """,  # noqa: S608 -- a constant
        signed_with,
        limit_count,
    )
    return [_key(row) for row in rows]


async def set_signed_with(conn: Connection, *, keys: Sequence[AccessKey], signed_with: str | None) -> None:
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


async def count_keys_signed_otherwise(conn: Connection, *, signed_with: str | None) -> int:
    """How many access keys there are whose newest fact is signed otherwise, or is still to be told."""
    count: int = await conn.fetchval(
        "select count(*) from access_keys where signed_with is distinct from $1", signed_with
    )
    return count


async def page_of_keys(
    conn: Connection, *, community: str, person_id: str | None, after: KeyPlace | None, limit_count: int
) -> list[AccessKey]:
    """The keys of a community, or of one person there, in the order of their ids."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from access_keys
        where community = $1 and ($2::text is null or person_id = $2::text::uuid)
          and ($3::text is null or key_id > $3)
        order by key_id limit $4
        """,  # noqa: S608 -- a constant
        community,
        person_id,
        None if after is None else after.key_id,
        limit_count,
    )
    return [_key(row) for row in rows]


async def find_key(conn: Connection, *, community: str, key_id: str) -> AccessKey | None:
    """A key; None when there is none."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from access_keys where community = $1 and key_id = $2",  # noqa: S608
        community,
        key_id,
    )
    return None if row is None else _key(row)


def _key(row: Record) -> AccessKey:
    return AccessKey(
        community=row["community"],
        key_id=row["key_id"],
        person_id=None if row["person_id"] is None else str(row["person_id"]),
        name=row["name"],
        secret_sha256=row["secret_sha256"],
        scopes=tuple(row["scopes"]),
        created_at=row["created_at"],
        issued_by=row["issued_by"],
        expires_at=row["expires_at"],
        replaced_by=row["replaced_by"],
        last_used_at=row["last_used_at"],
        revoked=row["revoked"],
    )
