"""Payees: where members' money goes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from shared.postgres import Connection


async def put_payee(
    conn: Connection,
    community: str,
    member_id: UUID,
    name: str,
    iban: str,
    bic: str | None,
    now: datetime,
    by: str,
) -> None:
    """Set a member's bank details."""
    await conn.execute(
        """
        insert into payees (community, member_id, name, iban, bic, changed_at, changed_by)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (community, member_id) do update
        set name = excluded.name, iban = excluded.iban, bic = excluded.bic,
            changed_at = excluded.changed_at, changed_by = excluded.changed_by
        """,
        community,
        member_id,
        name,
        iban,
        bic,
        now,
        by,
    )


async def payee(conn: Connection, community: str, member_id: UUID) -> Record | None:
    """A member's bank details."""
    return await conn.fetchrow(
        "select * from payees where community = $1 and member_id = $2", community, member_id
    )


async def payees(conn: Connection, community: str, member_ids: Sequence[UUID]) -> dict[UUID, Record]:
    """The bank details of these members, as far as they are known."""
    rows = await conn.fetch(
        "select * from payees where community = $1 and member_id = any($2::uuid[])", community, member_ids
    )
    return {row["member_id"]: row for row in rows}
