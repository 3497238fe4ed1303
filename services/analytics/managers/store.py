"""Managers as the members that they are tied to."""

from typing import Final

from shared.access_keys import Role
from shared.postgres import Connection

#: Managers of a community who are written to.
MANAGERS_MAX_COUNT: Final = 50


async def load_managers(conn: Connection, *, community: str) -> list[str]:
    """The members who managers are, as who they are merged into: one each, at most MANAGERS_MAX_COUNT."""
    rows = await conn.fetch(
        """
        select distinct on (p.person_id) p.person_id, coalesce(m.head_id, t.member_id)::text as member_id
        from followed_people p cross join unnest(p.members) as t(member_id)
        left join merges m on m.community = p.community and m.member_id = t.member_id
        where p.community = $1 and not p.disabled and p.kind = 'person' and $2 = any(p.roles)
        order by p.person_id, 2 limit $3
        """,
        community,
        Role.MANAGER.value,
        MANAGERS_MAX_COUNT,
    )
    return sorted({row["member_id"] for row in rows})
