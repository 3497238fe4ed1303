"""The answers given to commands."""

from datetime import datetime

from asyncpg import Record

from shared.postgres import Connection


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
