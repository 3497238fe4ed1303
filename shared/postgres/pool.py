"""The connections of a service, as its own role on its own database, and transactions on them.

Each service has one database and one role of the same name, `plaudit_<service>`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.postgres.known_types import KnowingConnection
from shared.settings import ServiceSettings

#: What SQL runs on: a connection of its own or one lent by the pool.
Connection = asyncpg.Connection | PoolConnectionProxy
#: What PostgreSQL counts a timestamptz from, and in.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: After so many queries a connection is replaced, and one that nobody needs is closed after so long: what the
#: driver's own pools do.
QUERIES_MAX_COUNT = 50_000
IDLE_SECONDS = 300.0
#: A server that ends tells its clients why, and then closes their connections: within this time.
LAST_WORDS_SECONDS = 1.0


def role_name(service: str) -> str:
    """The database and role of a service."""
    return f"plaudit_{service}"


def database_url(server_url: str, database: str, user: str | None = None, password: str | None = None) -> str:
    """`server_url` with another database, and another user and password when given."""
    parts = urlsplit(server_url)
    netloc = parts.netloc
    if user is not None:
        host = netloc.rpartition("@")[2]
        netloc = f"{user}:{password}@{host}" if password else f"{user}@{host}"
    return urlunsplit((parts.scheme, netloc, f"/{database}", parts.query, ""))


async def create_pool(
    service: str,
    settings: ServiceSettings,
    *,
    database: str | None = None,
    on_connect: Callable[[asyncpg.Connection], Awaitable[None]] | None = None,
) -> asyncpg.Pool:
    """The service's connections, as its own role on its own database, or on `database`.

    `on_connect` is given each new one.

    Whoever waits for one longer than `pool_acquire_seconds` gets TimeoutError, which is TRANSIENT.
    """

    async def prepare(connection: asyncpg.Connection) -> None:
        await use_quick_times(connection)
        if on_connect is not None:
            await on_connect(connection)

    role = role_name(service)
    pool = _Pool(
        database_url(settings.postgres_url, database or role, role, settings.postgres_password),
        acquire_seconds=settings.pool_acquire_seconds,
        init=prepare,
        reset=_leave_as_it_is,
        min_size=settings.pool_min_count,
        max_size=settings.pool_max_count,
        max_queries=QUERIES_MAX_COUNT,
        max_inactive_connection_lifetime=IDLE_SECONDS,
        connection_class=KnowingConnection,
        record_class=asyncpg.Record,
        loop=None,
        command_timeout=settings.statement_seconds,
        timeout=settings.pool_acquire_seconds,
        server_settings={
            "application_name": role,
            "jit": "off",
            "timezone": "UTC",
            "idle_in_transaction_session_timeout": str(int(settings.idle_transaction_seconds * 1000)),
        },
    )
    return await pool


class _Pool(asyncpg.Pool):
    """A pool that lets nobody wait for a connection for ever; the driver's own has no such setting."""

    def __init__(self, *connect_args: Any, acquire_seconds: float, **options: Any) -> None:
        super().__init__(*connect_args, **options)
        self.acquire_seconds = acquire_seconds

    def acquire(self, *, timeout: float | None = None) -> Any:
        return super().acquire(timeout=self.acquire_seconds if timeout is None else timeout)


async def _leave_as_it_is(_: asyncpg.Connection) -> None:
    """Save a round trip after every transaction: nothing here changes a session (open transactions are ended)."""


async def use_quick_times(connection: asyncpg.Connection) -> None:
    """Let the driver write a moment in 0.3 µs instead of 0.6, or 0.7 instead of 1.0 in a parsed time zone.

    Of one and the same moment in row after row, such as when a transaction began, once.
    """
    last, written = _EPOCH, (0,)

    def encode(moment: datetime) -> tuple[int]:
        nonlocal last, written
        if moment is not last:
            last, written = moment, ((moment - _EPOCH) // _MICROSECOND,)
        return written

    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        encoder=encode,
        decoder=lambda stored: _EPOCH + timedelta(microseconds=stored[0]),
        format="tuple",
    )


#: What connections are lent from.
Pool = asyncpg.Pool


@asynccontextmanager
async def begin(pool: asyncpg.Pool, *, snapshot: bool = False) -> AsyncIterator[Connection]:
    """A connection within a transaction: committed at the end, rolled back when anything is raised.

    With `snapshot` it only reads, and every statement sees the database as it was at the first.

    Raises asyncpg.ConnectionDoesNotExistError when the connection was lost meanwhile, whichever call noticed
    it first; the client says InterfaceError or InternalClientError then, as it does for mistakes, which stay what
    they are.
    """
    async with pool.acquire() as connection:
        try:
            async with connection.transaction(
                isolation="repeatable_read" if snapshot else None,
                readonly=snapshot,
            ):
                yield connection
        except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            if not await _is_lost(connection):
                raise
            raise asyncpg.ConnectionDoesNotExistError(f"the connection was lost: {error}") from error


async def _is_lost(connection: PoolConnectionProxy) -> bool:
    """Whether the connection is closed, or is about to be: the server's last words come before the end."""
    try:
        async with asyncio.timeout(LAST_WORDS_SECONDS):
            while not connection.is_closed():  # noqa: ASYNC110 -- the driver tells nobody, and it is a second
                await asyncio.sleep(0.01)
    except TimeoutError:
        return False
    except asyncpg.InterfaceError:  # what the pool lent was taken back because it is closed
        pass
    return True
