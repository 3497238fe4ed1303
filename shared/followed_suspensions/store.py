"""The SQL of suspensions."""

from collections.abc import Sequence

from shared.contracts.facts import SuspensionChanged
from shared.postgres import Connection

MemberKey = tuple[str, str]


async def put_suspensions(conn: Connection, *, suspensions: Sequence[SuspensionChanged]) -> set[MemberKey]:
    """Put suspensions, each once, unless a higher revision is there; returns whose were put."""
    columns = zip(
        *(
            (
                fact["community"],
                (said := fact["data"])["suspension_id"],
                said["member_id"],
                said["revision"],
                said["stands"],
                said["starts_at"],
                said.get("ends_at"),
            )
            for fact in suspensions
        ),
        strict=True,
    )
    rows = await conn.fetch(
        """
        insert into suspensions as s (community, suspension_id, member_id, revision, stands, starts_at, ends_at)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::int[], $5::boolean[], $6::timestamptz[],
                             $7::timestamptz[])
        on conflict (suspension_id, community) do update set member_id = excluded.member_id,
            revision = excluded.revision, stands = excluded.stands, starts_at = excluded.starts_at,
            ends_at = excluded.ends_at
        where excluded.revision > s.revision
        returning community, member_id
        """,
        *map(list, columns),
    )
    return {(row["community"], str(row["member_id"])) for row in rows}
