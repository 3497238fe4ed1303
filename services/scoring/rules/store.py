"""The SQL of what rules declined."""

from collections.abc import Iterable

from asyncpg import Record

from services.scoring.rules.domain.matching import Declined
from shared.postgres import Connection


async def add_declined(conn: Connection, declined: Iterable[Declined]) -> None:
    """Remember why rules gave nothing, or less."""
    await conn.copy_records_to_table(
        "declined",
        columns=("community", "event_uid", "rule_id", "slot", "reason", "detail"),
        records=[(one.event["community"], one.event["uid"], *one[1:]) for one in declined],
    )


async def declined_of(conn: Connection, community: str, event_uid: str) -> list[Record]:
    """Why rules gave nothing, or less, for an event."""
    return list(
        await conn.fetch(
            """
            select rule_id, slot, reason, detail from declined
            where community = $1 and event_uid = $2 order by rule_id
            """,
            community,
            event_uid,
        )
    )
