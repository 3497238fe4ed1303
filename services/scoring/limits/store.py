"""The SQL of daily caps: how much of each is used."""

from collections.abc import Mapping, Sequence

from services.scoring.limits.domain import CapKey
from shared.postgres import Connection


async def lock_caps(conn: Connection, *, keys: Sequence[CapKey]) -> dict[CapKey, int]:
    """The points used of each cap, locked until the commit; `keys` are in order."""
    rows = await conn.fetch(
        """
        insert into cap_usage as c (community, member_id, rule_id, day, points)
        select *, 0 from unnest($1::text[], $2::uuid[], $3::text[], $4::date[])
        on conflict (community, member_id, rule_id, day) do update set points = c.points
        returning community, member_id, rule_id, day, points
        """,
        [key.community for key in keys],
        [key.member_id for key in keys],
        [key.rule_id for key in keys],
        [key.day for key in keys],
    )
    return {CapKey(row[0], str(row[1]), row[2], row[3]): row[4] for row in rows}


async def add_to_caps(conn: Connection, *, points: Mapping[CapKey, int]) -> None:
    """Count points as used of caps, in the order in which their rows are locked."""
    ordered = sorted(points)
    await conn.execute(
        """
        insert into cap_usage as c (community, member_id, rule_id, day, points)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::int[])
        on conflict (community, member_id, rule_id, day) do update set points = c.points + excluded.points
        """,
        [key.community for key in ordered],
        [key.member_id for key in ordered],
        [key.rule_id for key in ordered],
        [key.day for key in ordered],
        [points[key] for key in ordered],
    )


async def set_caps(conn: Connection, *, usage: Mapping[CapKey, int]) -> None:
    """Store the points used of caps that are locked."""
    await conn.execute(
        """
        update cap_usage c set points = u.points
        from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::int[])
            as u(community, member_id, rule_id, day, points)
        where c.community = u.community and c.member_id = u.member_id and c.rule_id = u.rule_id
            and c.day = u.day and c.points <> u.points
        """,
        [key.community for key in usage],
        [key.member_id for key in usage],
        [key.rule_id for key in usage],
        [key.day for key in usage],
        list(usage.values()),
    )
