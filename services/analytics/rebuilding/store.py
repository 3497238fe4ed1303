"""The SQL of a rebuild: how far it is to read, how far it is, and what it said to nobody."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

import asyncpg

from services.analytics.rebuilding.domain import TABLES, Origin, Place, Progress
from services.analytics.settings import Settings
from shared.postgres import Connection, Pool, begin, create_pool, database_url, missing_migrations, role_name

SERVICE = "analytics"
#: The database of a rebuild, as `plaudit rebuild start` calls it.
REBUILT = f"{role_name(SERVICE)}_rebuilt"
#: One process reads for a rebuild at a time.
REBUILD_LOCK = 0x72656275  # "rebu"

CLOSE_SECONDS = 5.0

log = logging.getLogger(__name__)


class Orders(NamedTuple):
    """What whoever compares and switches wants of the reader: to read nothing for now, to read up to there (None:
    as far as the running one), and to end. Each has an id."""

    orders_id: int
    hold: bool
    until: Mapping[Place, int] | None
    ends: bool


async def connected(settings: Settings, *, database: str) -> Pool:
    """Connections to the database that is rebuilt; commits wait for no disk: what a crash takes is read again.

    Raises RuntimeError when migrations are missing there.
    """
    pool = await create_pool(SERVICE, settings, database=database, on_connect=_wait_for_no_disk)
    if missing := await missing_migrations(pool, SERVICE):
        await pool.close()
        raise RuntimeError(f"{database} has not had {', '.join(missing)}: `plaudit rebuild start` applies them")
    return pool


async def _wait_for_no_disk(connection: asyncpg.Connection) -> None:
    # Positions and rows are one transaction: after a crash an older one stands, and is whole.
    await connection.execute("set synchronous_commit = off")


async def connect_for(settings: Settings, *, database: str) -> asyncpg.Connection:
    """A connection of its own. Raises what the driver does when the database is closed to the service's role."""
    role = role_name(SERVICE)
    return await asyncpg.connect(
        database_url(settings.postgres_url, database, role, settings.postgres_password),
        timeout=settings.pool_acquire_seconds,
        command_timeout=settings.statement_seconds,
    )


async def is_there(conn: Connection) -> bool:
    """Whether there is a database of a rebuild, by a connection to any."""
    found: bool = await conn.fetchval("select exists (select from pg_database where datname = $1)", REBUILT)
    return found


async def find_progress(conn: Connection, settings: Settings) -> Progress:
    """How far the rebuild is; `conn` is one to the running database. One that cannot be asked has read nothing."""
    is_read: bool = await conn.fetchval(
        """
        select exists (
            select from pg_locks l join pg_database d on d.oid = l.database
            where d.datname = $1 and l.locktype = 'advisory' and l.granted and l.objid = $2 and l.classid = 0)
        """,
        REBUILT,
        REBUILD_LOCK,
    )
    nothing = Progress(is_read, False, 0, 0, None, None)
    try:
        rebuilt = await connect_for(settings, database=REBUILT)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        # It is being made, or changes its name just now.
        return nothing
    try:
        [row] = await rebuilt.fetch(
            """
            select count(*) > 0 as is_begun,
                coalesce(sum(coalesce(o.next_offset, r.first_offset) - r.first_offset), 0)::bigint as read,
                coalesce(sum(greatest(0, r.until_offset - coalesce(o.next_offset, r.first_offset))), 0)::bigint
                    as left,
                (select rate from rebuild.state) as rate, (select started_at from rebuild.state) as started_at
            from rebuild.reading r left join consumer_offsets o using (topic, partition)
            """
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        # It was not made to the end, or everybody was let out of it for a switch.
        return nothing
    finally:
        with suppress(Exception):
            await rebuilt.close(timeout=CLOSE_SECONDS)
    return Progress(is_read, row["is_begun"], row["read"], row["left"], row["rate"], row["started_at"])


async def lock_reading(conn: Connection) -> bool:
    """Whether this connection's process is now the one that reads, until the connection ends."""
    is_ours: bool = await conn.fetchval("select pg_try_advisory_lock($1)", REBUILD_LOCK)
    return is_ours


async def load_stands(conn: Connection) -> dict[Place, int]:
    """Where a database stands in each partition."""
    rows = await conn.fetch("select topic, partition, next_offset from consumer_offsets")
    return {Place(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def find_stands_of(settings: Settings, *, database: str) -> dict[Place, int] | None:
    """Where another database stands; None while it does not say, as when it is closed to the service's role."""
    try:
        conn = await connect_for(settings, database=database)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        log.warning("where %s stands is asked for again later: %r", database, error)
        return None
    try:
        return await load_stands(conn)
    finally:
        await conn.close()


async def load_orders(conn: Connection) -> Orders:
    """What is wanted of the reader now."""
    [state] = await conn.fetch("select orders_id, hold, has_cut, ends from rebuild.state")
    rows = await conn.fetch("select topic, partition, next_offset from rebuild.cut") if state["has_cut"] else []
    cut = {Place(row["topic"], row["partition"]): row["next_offset"] for row in rows}
    return Orders(state["orders_id"], state["hold"], cut if state["has_cut"] else None, state["ends"])


async def put_report(
    conn: Connection,
    *,
    at: datetime,
    orders_id: int,
    is_held: bool,
    has_reached: bool,
    records: int,
    busy_seconds: float,
) -> None:
    """Say how the reader is: whether it obeys orders, in that it holds still, or has read and counted up to there.

    And how fast it read: so many records more, in so many seconds in which there were some.
    """
    await conn.execute(
        """
        update rebuild.state set seen_at = $1,
            held_orders = case when $3 then $2 else held_orders end,
            reached_orders = case when $4 then $2 else reached_orders end,
            records = records + $5::bigint, busy_seconds = busy_seconds + $6::float8,
            rate = case when $6::float8 > 0 then $5::bigint / $6::float8 else rate end
        """,
        at,
        orders_id,
        is_held,
        has_reached,
        records,
        busy_seconds,
    )


async def put_until(conn: Connection, *, first: Mapping[Place, int], until: Mapping[Place, int]) -> None:
    """Note from where and until where each partition is read, for whoever asks how far it is."""
    places = sorted(first)
    await conn.execute(
        """
        insert into rebuild.reading (topic, partition, first_offset, until_offset)
        select * from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[])
        on conflict (topic, partition) do update set until_offset = excluded.until_offset
        """,
        [place.topic for place in places],
        [place.partition for place in places],
        [first[place] for place in places],
        [until.get(place, first[place]) for place in places],
    )


async def put_tables(conn: Connection) -> None:
    """Note what each table is, for whoever compares: it need not know this code."""
    await conn.executemany(
        """
        insert into rebuild.tables (name, origin, moments, counts, why) values ($1, $2, $3, $4, $5)
        on conflict (name) do update set origin = excluded.origin, moments = excluded.moments,
            counts = excluded.counts, why = excluded.why
        """,
        [
            (name, kept.origin.value, list(kept.moments), list(kept.counts), kept.why)
            for name, kept in TABLES.items()
        ],
    )


async def add_untold(conn: Connection, *, counts: Mapping[str, int]) -> None:
    """Count messages that were told to nobody, and records that are invalid, by topic."""
    await conn.executemany(
        """
        insert into rebuild.untold as u (topic, messages) values ($1, $2)
        on conflict (topic) do update set messages = u.messages + excluded.messages
        """,
        sorted(counts.items()),
    )


async def is_anything_waiting(pool: Pool) -> bool:
    """Whether timers have something to count still."""
    waiting = [name for name, kept in TABLES.items() if kept.origin is Origin.WAITING]
    marked = " or ".join(f"exists (select from {name})" for name in waiting)
    async with begin(pool) as conn:
        found: bool = await conn.fetchval(f"select {marked}")
    return found
