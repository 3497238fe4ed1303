"""What rewards keeps of members."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from shared.postgres import Connection


async def add_members(conn: Connection, members: Sequence[tuple[str, UUID, str | None, int]]) -> None:
    """Keep (community, member, name, revision), in key order; a higher revision replaces a lower one."""
    await conn.execute(
        """
        insert into members (community, member_id, name, revision)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::int[]) order by 1, 2
        on conflict (community, member_id) do update set name = excluded.name, revision = excluded.revision
        where excluded.revision > members.revision
        """,
        *(list(column) for column in zip(*members, strict=True)),
    )


async def member(conn: Connection, community: str, member_id: UUID) -> Record | None:
    """A member that the service has heard of, with the name."""
    return await conn.fetchrow(
        "select member_id, name from members where community = $1 and member_id = $2", community, member_id
    )
