"""The SQL of since when members have years to celebrate."""

from collections.abc import Collection, Mapping, Sequence

from services.recognition.milestones.domain import First
from shared.postgres import Connection


async def load_firsts(
    conn: Connection, *, community: str, groups: Mapping[str, Sequence[str]], counters: Collection[str]
) -> dict[str, dict[str, First]]:
    """When each person first did what each counter counts, by who stays: to the quarter of an hour (UTC)."""
    pairs = [(member_id, head_id) for head_id, group in groups.items() for member_id in group]
    rows = await conn.fetch(
        """
        select distinct on (g.head_id, a.counter) g.head_id, a.counter, a.member_id, a.slot
        from unnest($2::uuid[], $3::uuid[]) as g(member_id, head_id)
        join acts a on a.member_id = g.member_id and a.community = $1 and a.counter = any($4::text[])
        where a.events > 0
        order by g.head_id, a.counter, a.slot, a.member_id
        """,
        community,
        [member_id for member_id, _ in pairs],
        [head_id for _, head_id in pairs],
        sorted(counters),
    )
    found: dict[str, dict[str, First]] = {}
    for row in rows:
        found.setdefault(str(row["head_id"]), {})[row["counter"]] = First(str(row["member_id"]), row["slot"])
    return found
