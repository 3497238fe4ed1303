"""The SQL of who is suspended."""

from datetime import datetime

from shared.postgres import Connection


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
