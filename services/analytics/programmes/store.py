"""Programme versions: what their rules are called, who published them, and which applied when."""

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg
import orjson

from services.analytics.programmes.domain import Version
from shared.contracts.facts import ProgrammePublished
from shared.postgres import Connection


async def add_programmes(conn: Connection, programmes: Sequence[ProgrammePublished]) -> None:
    """Store programme versions."""
    data = [one["data"] for one in programmes]
    await conn.execute(
        """
        insert into programmes (community, version, programme_id, effective_from, published_by, document)
        select * from unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::text[], $6::jsonb[])
        on conflict do nothing
        """,
        [one["community"] for one in programmes],
        [one["version"] for one in data],
        [one["programme_id"] for one in data],
        [one["effective_from"] for one in data],
        [one["published_by"] for one in data],
        [orjson.dumps(one["document"]).decode() for one in data],
    )


async def version_in_force(conn: Connection, community: str, received_at: datetime) -> Version | None:
    """The programme version that applied to events received then."""
    row = await conn.fetchrow(
        "select programme_id, version, document -> 'rules' as rules from programmes"
        " where community = $1 and effective_from <= $2 order by version desc limit 1",
        community,
        received_at,
    )
    return Version(row["programme_id"], row["version"], orjson.loads(row["rules"] or "[]")) if row else None


async def publishers(conn: Connection, community: str, versions: Collection[int]) -> dict[int, asyncpg.Record]:
    """Who published these programme versions, and from when they apply, by version."""
    rows = await conn.fetch(
        "select version, published_by, effective_from from programmes"
        " where community = $1 and version = any($2::int[])",
        community,
        list(versions),
    )
    return {row["version"]: row for row in rows}
