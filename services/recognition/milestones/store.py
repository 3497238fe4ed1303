"""The SQL of since when members have years to celebrate."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.recognition.streaks.domain.dates import Move
from shared.postgres import Connection


async def load_firsts(
    conn: Connection, *, community: str, groups: Mapping[str, Sequence[str]], counters: Collection[str]
) -> dict[str, dict[str, datetime]]:
    """When each person first did what each counter counts, by who stays: to the quarter of an hour (UTC)."""
    pairs = [(member_id, head_id) for head_id, group in groups.items() for member_id in group]
    rows = await conn.fetch(
        """
        select g.head_id, a.counter, min(a.slot) as first
        from unnest($2::uuid[], $3::uuid[]) as g(member_id, head_id)
        join acts a on a.member_id = g.member_id and a.community = $1 and a.counter = any($4::text[])
        where a.events > 0
        group by 1, 2
        """,
        community,
        [member_id for member_id, _ in pairs],
        [head_id for _, head_id in pairs],
        sorted(counters),
    )
    found: dict[str, dict[str, datetime]] = {}
    for row in rows:
        found.setdefault(str(row["head_id"]), {})[row["counter"]] = row["first"]
    return found


async def load_moves(conn: Connection, *, community: str, member_ids: Collection[str]) -> dict[str, list[Move]]:
    """Which zones members said they live in, and when."""
    rows = await conn.fetch(
        "select member_id, said_at, zone from member_zones where community = $1 and member_id = any($2::uuid[])",
        community,
        list(member_ids),
    )
    found: dict[str, list[Move]] = {}
    for row in rows:
        found.setdefault(str(row["member_id"]), []).append(Move(row["said_at"], row["zone"]))
    return found
