"""The SQL of programmes: their heads, which publishing and scoring lock, and their versions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from asyncpg import Record

from shared.postgres import Connection


async def share_heads(conn: Connection, communities: Sequence[str]) -> dict[str, int]:
    """The newest version of each community (0: none), locked against publishing until the commit."""
    query = "select community, version from programme_heads where community = any($1) order by 1 for share"
    heads = {row["community"]: row["version"] for row in await conn.fetch(query, communities)}
    if len(heads) < len(communities):
        await conn.execute(
            """
            insert into programme_heads (community, version)
            select community, 0 from unnest($1::text[]) as c(community) order by 1
            on conflict do nothing
            """,
            communities,
        )
        heads = {row["community"]: row["version"] for row in await conn.fetch(query, communities)}
    return heads


async def lock_head(conn: Connection, community: str) -> tuple[str | None, int, bool, datetime]:
    """Lock a community for publishing: its programme, newest version, whether it was unknown, and the time.

    The time is the database's, taken once every batch that was being scored has ended.
    """
    created = await conn.fetchval(
        """
        insert into programme_heads (community, version) values ($1, 0)
        on conflict do nothing returning true
        """,
        community,
    )
    row = await conn.fetchrow(
        "select programme_id, version from programme_heads where community = $1 for update", community
    )
    assert row is not None  # noqa: S101 -- inserted above and never deleted
    return row["programme_id"], row["version"], bool(created), await conn.fetchval("select clock_timestamp()")


async def add_version(conn: Connection, version: Mapping[str, Any]) -> None:
    """Store a version and make it the community's newest; the head must be locked."""
    await conn.execute(
        """
        insert into programme_versions (community, version, programme_id, title, effective_from, published_at,
            published_by, source_text, document, document_sha256)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        version["community"],
        version["version"],
        version["programme_id"],
        version["title"],
        version["effective_from"],
        version["published_at"],
        version["published_by"],
        version["source_text"],
        orjson.dumps(version["document"]).decode(),
        version["document_sha256"],
    )
    await conn.execute(
        "update programme_heads set programme_id = $2, version = $3 where community = $1",
        version["community"],
        version["programme_id"],
        version["version"],
    )


async def versions(conn: Connection, community: str) -> list[Record]:
    """Every version of a community's programme, oldest first, with its document."""
    return list(
        await conn.fetch(
            """
            select version, effective_from, document from programme_versions
            where community = $1 order by version
            """,
            community,
        )
    )


async def newest_version(conn: Connection, community: str) -> Record | None:
    """The newest version of a community's programme."""
    return await conn.fetchrow(
        "select * from programme_versions where community = $1 order by version desc limit 1", community
    )


async def version(conn: Connection, community: str, number: int) -> Record | None:
    """One version of a community's programme."""
    return await conn.fetchrow(
        "select * from programme_versions where community = $1 and version = $2", community, number
    )


async def page_of_versions(conn: Connection, community: str, before: int | None, limit: int) -> list[Record]:
    """Versions of a community's programme, newest first, beginning below `before`."""
    return list(
        await conn.fetch(
            """
            select programme_id, version, title, effective_from, published_at, published_by, document_sha256
            from programme_versions where community = $1 and ($2::int is null or version < $2)
            order by version desc limit $3
            """,
            community,
            before,
            limit,
        )
    )
