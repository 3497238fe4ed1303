"""The SQL of the console's own database: sessions, and requests to the provider."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from shared.postgres import Connection, begin, create_pool, missing_migrations
from shared.services import CONSOLE
from shared.settings import ServiceSettings

#: What passes by itself: the database is away, busy, or ended a connection.
TRANSIENT = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


@dataclass(frozen=True)
class StoredSession:
    """A session as it is stored: closed to whoever has not its secret."""

    sealed: bytes
    rotated_at: datetime
    ends_at: datetime
    is_replaced: bool


class Database:
    """The console's connections to its database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @classmethod
    async def connected(cls, settings: ServiceSettings) -> "Database":
        """Connect as the console's own role. Raises RuntimeError when its tables are not there."""
        pool = await create_pool(CONSOLE, settings)
        if missing := await missing_migrations(pool, CONSOLE):
            await pool.close()
            raise RuntimeError(f"the database lacks {', '.join(missing)}: run `plaudit provision`")
        return cls(pool)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Connection]:
        """A transaction."""
        async with begin(self._pool) as conn:
            yield conn

    async def answers(self) -> bool:
        """Whether the database does."""
        try:
            return bool(await self._pool.fetchval("select true"))
        except TRANSIENT:
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()


async def add_session(
    conn: Connection, *, secret_sha256: str, sealed: bytes, now: datetime, ends_at: datetime
) -> None:
    """Store a new session."""
    await conn.execute(
        """
        insert into sessions (secret_sha256, sealed, created_at, rotated_at, ends_at)
        values ($1, $2, $3, $3, $4)
        """,
        secret_sha256,
        sealed,
        now,
        ends_at,
    )


async def find_session(conn: Connection, *, secret_sha256: str, now: datetime) -> StoredSession | None:
    """A session that has not ended."""
    row = await conn.fetchrow(
        """
        select sealed, rotated_at, ends_at, is_replaced from sessions
        where secret_sha256 = $1 and ends_at > $2
        """,
        secret_sha256,
        now,
    )
    return None if row is None else StoredSession(**row)


async def set_sealed(conn: Connection, *, secret_sha256: str, sealed: bytes) -> None:
    """Store what a session holds now."""
    await conn.execute("update sessions set sealed = $2 where secret_sha256 = $1", secret_sha256, sealed)


async def set_replaced(conn: Connection, *, secret_sha256: str, ends_at: datetime) -> bool:
    """End a session soon, for another stands in its place; False when one does already."""
    done = await conn.execute(
        """
        update sessions set is_replaced = true, ends_at = least(ends_at, $2)
        where secret_sha256 = $1 and not is_replaced
        """,
        secret_sha256,
        ends_at,
    )
    return str(done) == "UPDATE 1"


async def delete_session(conn: Connection, *, secret_sha256: str) -> None:
    """End a session at once."""
    await conn.execute("delete from sessions where secret_sha256 = $1", secret_sha256)


async def add_provider_request(conn: Connection, *, state_sha256: str, sealed: bytes, ends_at: datetime) -> None:
    """Store what was asked of the provider."""
    await conn.execute(
        "insert into provider_requests (state_sha256, sealed, ends_at) values ($1, $2, $3)",
        state_sha256,
        sealed,
        ends_at,
    )


async def take_provider_request(conn: Connection, *, state_sha256: str, now: datetime) -> bytes | None:
    """What was asked under that state, once; None when it was answered before, or its time is over."""
    sealed: bytes | None = await conn.fetchval(
        "delete from provider_requests where state_sha256 = $1 and ends_at > $2 returning sealed",
        state_sha256,
        now,
    )
    return sealed


async def delete_ended(conn: Connection, *, now: datetime) -> None:
    """Delete what has ended."""
    await conn.execute("delete from sessions where ends_at < $1", now)
    await conn.execute("delete from provider_requests where ends_at < $1", now)
