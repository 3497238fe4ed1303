"""What rewards keeps of programmes and members, and the answers given to commands."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from shared.postgres import Connection


async def add_programmes(conn: Connection, versions: Sequence[tuple[str, str, int, datetime, str]]) -> None:
    """Keep (community, programme, version, effective from, rewards section as JSON)."""
    await conn.execute(
        """
        insert into programmes (community, programme_id, version, effective_from, rewards)
        select * from unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::jsonb[])
        on conflict do nothing
        """,
        *(list(column) for column in zip(*versions, strict=True)),
    )


async def programme_in_force(conn: Connection, community: str, now: datetime) -> Record | None:
    """The newest version of the community's programme that is in force at `now`; `rewards` is JSON text."""
    return await conn.fetchrow(
        """
        select programme_id, version, effective_from, rewards from programmes
        where community = $1 and effective_from <= $2 order by version desc limit 1
        """,
        community,
        now,
    )


async def add_members(conn: Connection, members: Sequence[tuple[str, UUID, str | None, int]]) -> None:
    """Keep (community, member, name, revision), in key order; a higher revision replaces a lower one."""
    await conn.execute(
        """
        insert into members (community, member_id, name, revision)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::int[]) order by 1, 2
        on conflict (community, member_id) do update set name = excluded.name, revision = excluded.revision
        where excluded.revision > members.revision
        """,
        *(list(column) for column in zip(*members, strict=True)),
    )


async def member(conn: Connection, community: str, member_id: UUID) -> Record | None:
    """A member that the service has heard of, with the name."""
    return await conn.fetchrow(
        "select member_id, name from members where community = $1 and member_id = $2", community, member_id
    )


async def claim_command(
    conn: Connection, community: str, command: str, key: str, request_sha256: str, now: datetime
) -> Record | None:
    """Claim an idempotency key: None when it is new, else the stored request hash and answer.

    A second request of the same key waits here until the first has committed or failed.
    """
    claimed = await conn.fetchval(
        """
        insert into answers (community, command, idempotency_key, request_sha256, answered_at)
        values ($1, $2, $3, $4, $5) on conflict do nothing returning true
        """,
        community,
        command,
        key,
        request_sha256,
        now,
    )
    if claimed:
        return None
    return await conn.fetchrow(
        """
        select request_sha256, answer from answers
        where community = $1 and command = $2 and idempotency_key = $3
        """,
        community,
        command,
        key,
    )


async def store_answer(conn: Connection, community: str, command: str, key: str, answer: str) -> None:
    """Store the answer of a claimed command, as JSON text."""
    await conn.execute(
        """
        update answers set answer = $4 where community = $1 and command = $2 and idempotency_key = $3
        """,
        community,
        command,
        key,
        answer,
    )
