"""What rewards keeps of programmes."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from shared.postgres import Connection


async def add_programmes(conn: Connection, versions: Sequence[tuple[str, str, int, datetime, str]]) -> None:
    """Keep (community, programme, version, effective from, rewards section as JSON)."""
    await conn.execute(
        """
        insert into programmes (community, programme_id, version, effective_from, rewards)
        select * from unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::jsonb[])
        on conflict do nothing
        """,
        *(list(column) for column in zip(*versions, strict=True)),
    )


async def programme_in_force(conn: Connection, community: str, now: datetime) -> Record | None:
    """The newest version of the community's programme that is in force at `now`; `rewards` is JSON text."""
    return await conn.fetchrow(
        """
        select programme_id, version, effective_from, rewards from programmes
        where community = $1 and effective_from <= $2 order by version desc limit 1
        """,
        community,
        now,
    )
