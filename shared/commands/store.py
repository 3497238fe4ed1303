"""The SQL of commands that may be sent again."""

from dataclasses import dataclass
from datetime import datetime

from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class CommandKey:
    """What names a request: its community, its command (as `payout_run`), and the client's idempotency key."""

    community: str
    command: str
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The request that a key was used for, as a hash of its content, and the answer that it was given (JSON)."""

    request_sha256: str
    answer: str


async def claim_key(conn: Connection, *, key: CommandKey, request_sha256: str, now: datetime) -> Answered | None:
    """Claim a key: None when it is new, else what it was used for before.

    A second request of the same key waits here until the first has committed or failed.
    """
    claimed = await conn.fetchval(
        """
        insert into command_answers (community, command, idempotency_key, request_sha256, answered_at)
        values ($1, $2, $3, $4, $5) on conflict do nothing returning true
        """,
        key.community,
        key.command,
        key.idempotency_key,
        request_sha256,
        now,
    )
    if claimed:
        return None
    row = await conn.fetchrow(
        """
        select request_sha256, answer from command_answers
        where community = $1 and command = $2 and idempotency_key = $3
        """,
        key.community,
        key.command,
        key.idempotency_key,
    )
    return None if row is None else Answered(row["request_sha256"], row["answer"])


async def set_answer(conn: Connection, *, key: CommandKey, answer: str) -> None:
    """Store the answer of a claimed key, as JSON text."""
    await conn.execute(
        """
        update command_answers set answer = $4 where community = $1 and command = $2 and idempotency_key = $3
        """,
        key.community,
        key.command,
        key.idempotency_key,
        answer,
    )
