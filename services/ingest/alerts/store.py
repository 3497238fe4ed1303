"""The SQL of who acts on alerts."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from shared.postgres import Connection

#: People of one role in a community who are written to.
PEOPLE_MAX_COUNT = 50


async def load_acting(
    conn: Connection, *, roles: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Sequence[str]]:
    """By community and role, the members who people with it are, one each: who they are merged into."""
    rows = await conn.fetch(
        """
        select w.community, w.role, f.member_id
        from unnest($1::text[], $2::text[]) as w(community, role) cross join lateral (
            select distinct on (p.person_id) coalesce(m.head_id, t.member_id)::text as member_id
            from followed_people p cross join unnest(p.members) as t(member_id)
            left join merges m on m.community = p.community and m.member_id = t.member_id
            where p.community = w.community and not p.disabled and p.kind = 'person' and w.role = any(p.roles)
            order by p.person_id, 1 limit $3) f
        order by w.community, w.role, f.member_id
        """,
        [community for community, _ in roles],
        [role for _, role in roles],
        PEOPLE_MAX_COUNT,
    )
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        found[row["community"], row["role"]].append(row["member_id"])
    return found
