"""The SQL of the keys that verify tokens."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from services.ingest.access.token_keys.domain import TokenKey
from shared.postgres import Connection


async def add_token_key(conn: Connection, *, key: TokenKey, signed_with: str | None) -> bool:
    """Store what verifies a period's tokens, and who signs that; False where it is there already."""
    added: bool | None = await conn.fetchval(
        """
        insert into followed_token_keys (kid, public_key, not_after, revoked, signed_with)
        values ($1, $2, $3, false, $4) on conflict do nothing returning true
        """,
        key.kid,
        key.public_key,
        key.not_after,
        signed_with,
    )
    return bool(added)


async def end_others(
    conn: Connection, *, kids: Sequence[str], beginning: str, at: datetime, signed_with: str | None
) -> list[TokenKey]:
    """Have the keys end by `at` that another signing key made; return those that this changes.

    `kids` and `beginning` say whose this signing key's are: these ids, and what it signed itself.
    """
    rows = await conn.fetch(
        """
        update followed_token_keys set not_after = $3, signed_with = $4
        where not_after > $3 and kid <> all ($1::text[]) and signed_with is distinct from $2
        returning kid, public_key, not_after
        """,
        list(kids),
        beginning,
        at,
        signed_with,
    )
    return [_token_key(row) for row in rows]


def _token_key(row: Record) -> TokenKey:
    return TokenKey(row["kid"], row["public_key"], row["not_after"])
