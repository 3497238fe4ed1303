"""Programme versions in, and the one that applied at a time out."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from services.analytics.programmes.domain import Version
from shared.contracts.facts import ProgrammePublished
from shared.postgres import Connection


async def add_versions(conn: Connection, *, programmes: Sequence[ProgrammePublished]) -> None:
    """Store programme versions; one that is known stays as it is."""
    data = [programme["data"] for programme in programmes]
    await conn.execute(
        """
        insert into programmes (community, version, programme_id, effective_from, published_by, document,
                                approved_by, traceparent, note, backtested)
        select * from unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::text[], $6::jsonb[],
                             $7::text[], $8::text[], $9::text[], $10::boolean[])
        on conflict do nothing
        """,
        [programme["community"] for programme in programmes],
        [version["version"] for version in data],
        [version["programme_id"] for version in data],
        [version["effective_from"] for version in data],
        [version["published_by"] for version in data],
        [orjson.dumps(version["document"]).decode() for version in data],
        [version.get("approved_by") for version in data],
        [programme.get("traceparent") for programme in programmes],
        [version.get("note") for version in data],
        [version.get("backtested") for version in data],
    )


async def find_version_in_force(conn: Connection, *, community: str, received_at: datetime) -> Version | None:
    """The programme version that applied to events received then."""
    row = await conn.fetchrow(
        "select programme_id, version, document -> 'rules' as rules from programmes"
        " where community = $1 and effective_from <= $2 order by version desc limit 1",
        community,
        received_at,
    )
    return Version(row["programme_id"], row["version"], orjson.loads(row["rules"] or "[]")) if row else None
