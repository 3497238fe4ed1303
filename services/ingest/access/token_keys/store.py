"""The SQL of the keys that verify tokens."""

from datetime import datetime

from asyncpg import Record

from services.ingest.access.token_keys.domain import TokenKey
from shared.postgres import Connection


async def find_token_key(conn: Connection, *, kid: str) -> TokenKey | None:
    """A key that was told, with the end that it has now; None when there is none of that id."""
    row = await conn.fetchrow(
        "select kid, public_key, not_after from followed_token_keys where kid = $1 and not revoked", kid
    )
    return None if row is None else _token_key(row)


async def add_token_key(conn: Connection, *, key: TokenKey, derived_from: str, at: datetime) -> bool:
    """Store what verifies a period's tokens, and from which signing key it follows; False where it is there."""
    added: bool | None = await conn.fetchval(
        """
        insert into followed_token_keys (kid, public_key, not_after, revoked, derived_from, announced_at)
        values ($1, $2, $3, false, $4, $5) on conflict do nothing returning true
        """,
        key.kid,
        key.public_key,
        key.not_after,
        derived_from,
        at,
    )
    return bool(added)


async def end_former(conn: Connection, *, derived_from: str, at: datetime) -> list[TokenKey]:
    """Have the keys end by `at` that follow from signing keys of before this one; return those that this changes.

    Which was before is seen by whose first key was told first: while processes with the former one still run, they
    do not end what the present one has told.
    """
    rows = await conn.fetch(
        """
        with signers as (
            select derived_from, min(announced_at) as since from followed_token_keys
            where derived_from is not null group by derived_from)
        update followed_token_keys k set not_after = $2
        from signers former, signers present
        where k.not_after > $2 and k.derived_from = former.derived_from
        and present.derived_from = $1 and former.since < present.since
        returning k.kid, k.public_key, k.not_after
        """,
        derived_from,
        at,
    )
    return [_token_key(row) for row in rows]


def _token_key(row: Record) -> TokenKey:
    return TokenKey(row["kid"], row["public_key"], row["not_after"])
