"""The SQL of the event types that programmes declare."""

from collections.abc import Collection
from datetime import datetime

from shared.contracts.programme import Events
from shared.postgres import Connection


async def put_declared(
    conn: Connection, *, community: str, version: int, effective_from: datetime, events: Events
) -> None:
    """Remember what a version of a community's programme declares."""
    await conn.execute(
        """
        insert into declared_event_types (community, version, effective_from, events)
        values ($1, $2, $3, $4::jsonb) on conflict do nothing
        """,
        community,
        version,
        effective_from,
        events.model_dump_json(exclude_none=True),
    )


async def load_declared(conn: Connection, *, communities: Collection[str], now: datetime) -> dict[str, str]:
    """What is declared by the version of each community that is in force, as JSON."""
    rows = await conn.fetch(
        """
        select distinct on (community) community, events::text as events from declared_event_types
        where community = any($1::text[]) and effective_from <= $2 order by community, version desc
        """,
        list(communities),
        now,
    )
    return {row["community"]: row["events"] for row in rows}
