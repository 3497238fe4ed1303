"""The SQL of what rules declined."""

from collections.abc import Iterable

from services.scoring.rules.domain.matching import Declined
from shared.postgres import Connection


async def add_declined(conn: Connection, *, declined: Iterable[Declined]) -> None:
    """Remember why rules gave nothing, or less."""
    await conn.copy_records_to_table(
        "declined",
        columns=("community", "event_uid", "rule_id", "slot", "reason", "detail"),  # the fields of Declined
        records=declined,
    )


async def load_declined(conn: Connection, *, community: str, event_uid: str) -> list[Declined]:
    """Why rules gave nothing, or less, for an event."""
    rows = await conn.fetch(
        """
        select rule_id, slot, reason, detail from declined
        where community = $1 and event_uid = $2 order by rule_id
        """,
        community,
        event_uid,
    )
    return [Declined(community, event_uid, *row) for row in rows]
