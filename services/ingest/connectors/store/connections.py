"""The SQL of connections."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from services.ingest.connectors.domain.connections import Connection, ConnectionPlace
from services.ingest.connectors.domain.deliveries import NOTHING_CAME, Standing
from services.ingest.measuring.domain.texts import Sealed
from shared.postgres import Connection as Database

_COLUMNS = """
community, name, connector, document, settings::text as settings, is_enabled, key_id, sealed_secrets, made_at,
changed_at, refused_at, refused_why, refused_count
"""


async def count_connections(conn: Database, *, community: str) -> int:
    """How many connections a community has; nobody else adds one until the transaction ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"connections {community}")
    count: int = await conn.fetchval("select count(*) from connections where community = $1", community)
    return count


async def add_connection(conn: Database, *, connection: Connection) -> bool:
    """Add a connection; False when there is one of that name."""
    added = await conn.fetchval(
        """
        insert into connections (community, name, connector, document, settings, is_enabled, key_id,
            sealed_secrets, made_at, changed_at)
        values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $9)
        on conflict do nothing returning true
        """,
        connection.community,
        connection.name,
        connection.connector,
        connection.document,
        orjson.dumps(dict(connection.settings)).decode(),
        connection.is_enabled,
        *connection.secrets,
        connection.made_at,
    )
    return bool(added)


async def find_connection(conn: Database, *, community: str, name: str, lock: bool = False) -> Connection | None:
    """A connection; None when there is none. With `lock` nobody else changes it until the transaction ends."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from connections where community = $1 and name = $2"  # noqa: S608 -- of the code
        + " for update" * lock,
        community,
        name,
    )
    return None if row is None else _connection(row)


async def page_of_connections(
    conn: Database, *, community: str, after: ConnectionPlace | None, limit_count: int
) -> list[Connection]:
    """The connections of a community, by name."""
    rows = await conn.fetch(
        f"select {_COLUMNS} from connections where community = $1 and name > $2 order by name limit $3",  # noqa: S608
        community,
        "" if after is None else after.name,
        limit_count,
    )
    return [_connection(row) for row in rows]


async def set_connection(conn: Database, *, connection: Connection) -> None:
    """Change what a connection is: document, settings, secrets, whether it is enabled."""
    await conn.execute(
        """
        update connections set connector = $3, document = $4, settings = $5::jsonb, is_enabled = $6, key_id = $7,
            sealed_secrets = $8, changed_at = $9
        where community = $1 and name = $2
        """,
        connection.community,
        connection.name,
        connection.connector,
        connection.document,
        orjson.dumps(dict(connection.settings)).decode(),
        connection.is_enabled,
        *connection.secrets,
        connection.changed_at,
    )


async def delete_connection(conn: Database, *, community: str, name: str) -> int:
    """Delete a connection and all that is known of its deliveries; return how many those were."""
    await conn.execute("delete from connections where community = $1 and name = $2", community, name)
    # Deliveries before their counts, as whoever maps one again locks them.
    status: str = await conn.execute(
        """
        with locked as (
            select delivery_id from deliveries where community = $1 and connection = $2
            order by delivery_id for update)
        delete from deliveries d using locked l
        where d.community = $1 and d.connection = $2 and d.delivery_id = l.delivery_id
        """,
        community,
        name,
    )
    await conn.execute("delete from delivery_hours where community = $1 and connection = $2", community, name)
    return int(status.rsplit(" ", 1)[1])


async def note_refused(conn: Database, *, community: str, name: str, why: str, at: datetime, count: int) -> None:
    """Note that deliveries were refused: so many, and of the last when and why."""
    await conn.execute(
        """
        update connections set refused_at = $4, refused_why = $3, refused_count = refused_count + $5
        where community = $1 and name = $2
        """,
        community,
        name,
        why,
        at,
        count,
    )


async def load_standings(conn: Database, *, community: str, names: Sequence[str]) -> Mapping[str, Standing]:
    """How connections do, by name."""
    rows = await conn.fetch(
        """
        select n.name, h.counts::text as counts, l.received_at as last_at, q.queued
        from unnest($2::text[]) as n(name)
        left join lateral (
            select jsonb_object_agg(outcome, deliveries) as counts from (
                select outcome, sum(deliveries) as deliveries from delivery_hours
                where community = $1 and connection = n.name group by outcome) s) h on true
        left join lateral (
            select received_at from deliveries where community = $1 and connection = n.name
            order by delivery_id desc limit 1) l on true
        left join lateral (
            select count(*) as queued from deliveries
            where community = $1 and connection = n.name and queued_at is not null) q on true
        """,
        community,
        list(names),
    )
    found = {
        row["name"]: Standing(
            row["last_at"], {} if row["counts"] is None else orjson.loads(row["counts"]), row["queued"]
        )
        for row in rows
    }
    return {name: found.get(name, NOTHING_CAME) for name in names}


async def lock_sealed_otherwise(
    conn: Database, *, key_id: str, known_ids: Sequence[str], limit_count: int
) -> list[Connection]:
    """Lock connections whose secrets another key than this one seals, of those that are known."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from connections where key_id <> $1 and key_id = any($2::text[])
        order by community, name limit $3 for update skip locked
        """,  # noqa: S608 -- of the code
        key_id,
        list(known_ids),
        limit_count,
    )
    return [_connection(row) for row in rows]


async def count_silent(conn: Database, *, since: datetime, before: datetime) -> int:
    """How many enabled connections had deliveries from a moment on, and none since a later one."""
    count: int = await conn.fetchval(
        """
        select count(*) from connections c where is_enabled
            and exists (select from delivery_hours h where h.community = c.community and h.connection = c.name
                        and h.hour >= $1 and h.hour < $2 and h.deliveries > 0)
            and not exists (select from delivery_hours h where h.community = c.community and h.connection = c.name
                        and h.hour >= $2 and h.deliveries > 0)
        """,
        since,
        before,
    )
    return count


def _connection(row: Any) -> Connection:
    return Connection(
        community=row["community"],
        name=row["name"],
        connector=row["connector"],
        document=row["document"],
        settings=orjson.loads(row["settings"]),
        is_enabled=row["is_enabled"],
        secrets=Sealed(row["key_id"], row["sealed_secrets"]),
        made_at=row["made_at"],
        changed_at=row["changed_at"],
        refused_at=row["refused_at"],
        refused_why=row["refused_why"],
        refused_count=row["refused_count"],
    )
