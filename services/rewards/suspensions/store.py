"""The SQL of suspensions."""

from collections.abc import Sequence
from datetime import datetime

from shared.contracts.facts import SuspensionChanged
from shared.postgres import Connection


async def put_suspensions(conn: Connection, *, suspensions: Sequence[SuspensionChanged]) -> None:
    """Keep who is suspended from when until when, as the highest revision has it."""
    newest: dict[tuple[str, str], SuspensionChanged] = {}
    for fact in suspensions:
        key = (fact["community"], fact["data"]["suspension_id"])
        if key not in newest or newest[key]["data"]["revision"] < fact["data"]["revision"]:
            newest[key] = fact
    rows = [
        (
            community,
            suspension_id,
            (said := fact["data"])["member_id"],
            said["revision"],
            said["stands"],
            said["starts_at"],
            said.get("ends_at"),
        )
        for (community, suspension_id), fact in sorted(newest.items())
    ]
    if not rows:
        return
    await conn.execute(
        """
        insert into suspensions as s (community, suspension_id, member_id, revision, stands, starts_at, ends_at)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::int[], $5::boolean[], $6::timestamptz[],
                             $7::timestamptz[])
        on conflict (suspension_id, community) do update set member_id = excluded.member_id,
            revision = excluded.revision, stands = excluded.stands, starts_at = excluded.starts_at,
            ends_at = excluded.ends_at
        where excluded.revision > s.revision
        """,
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def load_suspended(conn: Connection, *, community: str, at: datetime) -> frozenset[str]:
    """All members who are suspended at a moment, or are one person with who is."""
    rows = await conn.fetch(
        """
        with persons as (
            select coalesce(m.head_id, s.member_id) as id
            from suspensions s left join merges m on m.community = s.community and m.member_id = s.member_id
            where s.community = $1 and s.stands and s.starts_at <= $2 and (s.ends_at is null or s.ends_at > $2))
        select id from persons
        union select m.member_id from merges m join persons p on m.head_id = p.id where m.community = $1
        """,
        community,
        at,
    )
    return frozenset(str(row["id"]) for row in rows)
