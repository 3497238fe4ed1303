"""The SQL of programmes: their heads, which publishing and scoring lock, and their published versions."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import orjson
from asyncpg import Record

from services.scoring.programmes.domain.publication import (
    Author,
    Document,
    Head,
    ProgrammeVersion,
    VersionNote,
    VersionStart,
    VersionText,
)
from shared.merges import LOCK_SHARED
from shared.postgres import Connection

_VERSION_COLUMNS = """
    community, programme_id, version, title, effective_from, published_at, published_by, published_by_person,
    published_by_credential, approved_by, approved_by_person, approved_by_credential, document_sha256,
    note, restores, backtested
"""

_INSERT_VERSION = """
    insert into programme_versions (community, version, programme_id, title, effective_from, published_at,
        source_text, document, document_sha256, signed_with, published_by_person, published_by,
        published_by_credential, approved_by_person, approved_by, approved_by_credential, note, restores,
        backtested)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""


async def lock_heads_for_share(conn: Connection, *, communities: Sequence[str]) -> dict[str, int]:
    """The newest version of each community (0: none), locked against publishing until the commit.

    Nor is anybody merged there until then: that lock is taken once all heads are, in the same round trip.
    """
    query = f"""
        with heads as materialized (
            select community, version from programme_heads where community = any($1) order by 1 for share),
        locked as materialized (select count(*) from heads)
        select community, version, {LOCK_SHARED}
        from locked cross join (select * from heads order by 1) ordered
    """  # noqa: S608 -- the lock is a constant
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


async def lock_head_for_update(conn: Connection, *, community: str) -> Head:
    """The community's head, locked against scoring and publishing until the commit.

    Its time is the database's, taken once every batch that was being scored has ended.
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
    return Head(
        programme_id=row["programme_id"],
        newest=row["version"],
        nothing_received=bool(created),
        now=await conn.fetchval("select clock_timestamp()"),
    )


async def add_version(
    conn: Connection, *, version: ProgrammeVersion, text: VersionText, signed_with: str | None
) -> None:
    """Store a version, and who signs it, and make it the community's newest; the head must be locked."""
    await conn.execute(_INSERT_VERSION, *_columns(version, text, signed_with))
    await conn.execute(
        "update programme_heads set programme_id = $2, version = $3 where community = $1",
        version.community,
        version.programme_id,
        version.number,
    )


async def add_version_as_told(
    conn: Connection, *, version: ProgrammeVersion, text: VersionText, signed_with: str | None
) -> bool:
    """Store a version that was published before; whether it was not there. The head must be locked."""
    added = await conn.fetchval(
        f"{_INSERT_VERSION} on conflict do nothing returning true", *_columns(version, text, signed_with)
    )
    await conn.execute(
        "update programme_heads set programme_id = $2, version = $3 where community = $1 and version < $3",
        version.community,
        version.programme_id,
        version.number,
    )
    return bool(added)


def _columns(version: ProgrammeVersion, text: VersionText, signed_with: str | None) -> tuple[Any, ...]:
    """The values of _INSERT_VERSION, in its order."""
    return (
        version.community,
        version.number,
        version.programme_id,
        version.title,
        version.effective_from,
        version.published_at,
        text.source_text,
        orjson.dumps(text.document).decode(),
        version.document_sha256,
        signed_with,
        *version.published_by,
        *(version.approved_by or (None, None, None)),
        version.note,
        version.restores,
        version.backtested,
    )


async def was_backtested(conn: Connection, *, community: str, sha256: str, since: datetime) -> bool:
    """Whether a backtest of an exact text, told by its digest, is done that was asked for since then."""
    found: bool = await conn.fetchval(
        """
        select exists (
            select from backtests
            where community = $1 and state = 'done' and asked_at >= $2 and drafts @> $3)
        """,
        community,
        since,
        orjson.dumps([{"sha256": sha256}]).decode(),
    )
    return found


async def find_communities_signed_otherwise(conn: Connection, *, signed_with: str, limit_count: int) -> list[str]:
    """Communities with versions that another key has signed, or none; in the order in which heads are locked."""
    rows = await conn.fetch(
        """
        select distinct community from programme_versions where signed_with is distinct from $1
        order by community limit $2
        """,
        signed_with,
        limit_count,
    )
    return [row["community"] for row in rows]


async def set_signed_with(conn: Connection, *, community: str, signed_with: str) -> None:
    """Note who has signed the newest facts about a community's versions; the head must be locked."""
    await conn.execute(
        "update programme_versions set signed_with = $2 where community = $1", community, signed_with
    )


async def count_versions_signed_otherwise(conn: Connection, *, signed_with: str) -> int:
    """How many versions there are that another key has signed, or none."""
    count: int = await conn.fetchval(
        "select count(*) from programme_versions where signed_with is distinct from $1", signed_with
    )
    return count


async def load_versions(conn: Connection, *, community: str) -> list[tuple[ProgrammeVersion, Document]]:
    """Every version of a community's programme with what it says, oldest first."""
    rows = await conn.fetch(
        f"select {_VERSION_COLUMNS}, document from programme_versions where community = $1 order by version",  # noqa: S608 -- the columns are a constant
        community,
    )
    return [(_version(row), orjson.loads(row["document"])) for row in rows]


async def load_heads(conn: Connection, *, communities: Sequence[str]) -> dict[str, int]:
    """The newest version of each community that has a head, as it is just now."""
    rows = await conn.fetch(
        "select community, version from programme_heads where community = any($1)", communities
    )
    return {row["community"]: row["version"] for row in rows}


async def load_starts(conn: Connection, *, community: str) -> list[VersionStart]:
    """When each version of a community's programme takes effect, oldest first."""
    rows = await conn.fetch(
        "select version, effective_from from programme_versions where community = $1 order by version", community
    )
    return [VersionStart(*row) for row in rows]


async def load_documents(conn: Connection, *, community: str, numbers: Collection[int]) -> dict[int, Document]:
    """What versions of a community's programme say, by number."""
    rows = await conn.fetch(
        "select version, document from programme_versions where community = $1 and version = any($2)",
        community,
        numbers,
    )
    return {row["version"]: orjson.loads(row["document"]) for row in rows}


async def load_notes(conn: Connection, *, community: str, numbers: Collection[int]) -> dict[int, VersionNote]:
    """What was said of versions of a community's programme when they were published, by number."""
    rows = await conn.fetch(
        "select version, note, restores from programme_versions where community = $1 and version = any($2)",
        community,
        numbers,
    )
    return {row["version"]: VersionNote(row["note"], row["restores"]) for row in rows}


async def find_newest_version(conn: Connection, *, community: str) -> ProgrammeVersion | None:
    """The newest version of a community's programme."""
    row = await conn.fetchrow(
        f"select {_VERSION_COLUMNS} from programme_versions where community = $1 order by version desc limit 1",  # noqa: S608 -- the columns are a constant
        community,
    )
    return None if row is None else _version(row)


async def find_published(conn: Connection, *, community: str, number: int) -> ProgrammeVersion | None:
    """One published version of a community's programme."""
    row = await conn.fetchrow(
        f"select {_VERSION_COLUMNS} from programme_versions where community = $1 and version = $2",  # noqa: S608 -- the columns are a constant
        community,
        number,
    )
    return None if row is None else _version(row)


def _version(row: Record) -> ProgrammeVersion:
    return ProgrammeVersion(
        community=row["community"],
        programme_id=row["programme_id"],
        number=row["version"],
        title=row["title"],
        effective_from=row["effective_from"],
        published_at=row["published_at"],
        published_by=author_of(row, "published_by"),
        document_sha256=row["document_sha256"],
        approved_by=author_of(row, "approved_by") if row["approved_by"] else None,
        note=row["note"],
        restores=row["restores"],
        backtested=row["backtested"],
    )


async def with_words(conn: Connection, *, communities: Sequence[str]) -> list[str]:
    """Of these communities those that have a version with lists of words."""
    rows = await conn.fetch(
        """
        select c.community from unnest($1::text[]) as c(community)
        where exists (select from programme_versions v
                      where v.community = c.community and v.document @? '$.guidelines.words[0]')
        """,
        communities,
    )
    return [row["community"] for row in rows]


def author_of(row: Record, column: str) -> Author:
    """Who did something, as three columns of a row have it that begin with that name."""
    person_id = row[f"{column}_person"]
    return Author(None if person_id is None else str(person_id), row[column], row[f"{column}_credential"])
