"""The SQL of endpoints at their owner: the table that every service has, with what ingest alone keeps."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.ingest.webhooks.domain import Endpoint, EndpointPlace
from shared.postgres import Connection
from shared.webhooks.domain import Sealed
from shared.webhooks.store import KnownEndpoint, put_endpoint

_COLUMNS = """
community, endpoint_id::text, name, revision, types, enabled, removed, key_id, sealed, made_at, changed_at,
disabled_why, disabled_by
"""


async def count_endpoints(conn: Connection, *, community: str) -> int:
    """How many endpoints a community has; nobody else adds one until the transaction ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"webhooks {community}")
    count: int = await conn.fetchval(
        "select count(*) from webhook_endpoints where community = $1 and not removed", community
    )
    return count


async def put(conn: Connection, *, endpoint: Endpoint, signed_with: str | None) -> None:
    """Keep an endpoint, new or changed."""
    await put_endpoint(
        conn,
        endpoint=KnownEndpoint(
            endpoint.community,
            endpoint.endpoint_id,
            endpoint.name,
            endpoint.revision,
            endpoint.types,
            endpoint.enabled,
            endpoint.removed,
            endpoint.sealed,
        ),
    )
    await conn.execute(
        """
        update webhook_endpoints
        set made_at = $2, changed_at = $3, disabled_why = $4, disabled_by = $5, signed_with = $6
        where endpoint_id = $1
        """,
        endpoint.endpoint_id,
        endpoint.made_at,
        endpoint.changed_at,
        endpoint.disabled_why,
        endpoint.disabled_by,
        signed_with,
    )


async def set_told_at(conn: Connection, *, endpoint_ids: Sequence[str], at: datetime) -> None:
    """Say of endpoints that were read back, and of which it is not known when they were made, when that was."""
    await conn.execute(
        """
        update webhook_endpoints set made_at = coalesce(made_at, $2), changed_at = coalesce(changed_at, $2)
        where endpoint_id = any($1::uuid[])
        """,
        list(endpoint_ids),
        at,
    )


async def find_endpoint(conn: Connection, *, community: str, name: str, lock: bool = False) -> Endpoint | None:
    """An endpoint by its name; None when there is none. With `lock` nobody else changes it meanwhile."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from webhook_endpoints where community = $1 and name = $2 and not removed"  # noqa: S608
        + " for update" * lock,
        community,
        name,
    )
    return None if row is None else _endpoint(row)


async def lock_endpoint(conn: Connection, *, community: str, endpoint_id: str) -> Endpoint | None:
    """Lock an endpoint by its id."""
    row = await conn.fetchrow(
        f"""
        select {_COLUMNS} from webhook_endpoints
        where community = $1 and endpoint_id = $2 and sealed is not null for update
        """,  # noqa: S608 -- of the code
        community,
        endpoint_id,
    )
    return None if row is None else _endpoint(row)


async def page_of_endpoints(
    conn: Connection, *, community: str, after: EndpointPlace | None, limit_count: int
) -> list[Endpoint]:
    """The endpoints of a community, by name."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from webhook_endpoints
        where community = $1 and not removed and name > $2 order by name limit $3
        """,  # noqa: S608 -- of the code
        community,
        "" if after is None else after.name,
        limit_count,
    )
    return [_endpoint(row) for row in rows]


async def lock_outdated(
    conn: Connection, *, key_id: str, known_ids: Sequence[str], signed_with: str | None, limit_count: int
) -> list[Endpoint]:
    """Lock endpoints that another key than this one seals or signs, of those that can be opened."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from webhook_endpoints
        where not removed and key_id = any($2::text[]) and (key_id <> $1 or signed_with is distinct from $3)
        order by community, name limit $4 for update skip locked
        """,  # noqa: S608 -- of the code
        key_id,
        list(known_ids),
        signed_with,
        limit_count,
    )
    return [_endpoint(row) for row in rows]


async def count_disabled(conn: Connection) -> int:
    """How many endpoints are disabled because of trouble that they had."""
    count: int = await conn.fetchval(
        "select count(*) from webhook_endpoints where not removed and not enabled and disabled_why is not null"
    )
    return count


def _endpoint(row: Any) -> Endpoint:
    return Endpoint(
        community=row["community"],
        endpoint_id=row["endpoint_id"],
        name=row["name"],
        revision=row["revision"],
        types=tuple(row["types"]),
        enabled=row["enabled"],
        removed=row["removed"],
        sealed=Sealed(row["key_id"], row["sealed"]),
        made_at=row["made_at"],
        changed_at=row["changed_at"],
        disabled_why=row["disabled_why"],
        disabled_by=row["disabled_by"],
    )
