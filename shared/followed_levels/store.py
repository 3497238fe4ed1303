"""The SQL of who has which level."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from shared.merges import load_group
from shared.postgres import Connection


class LevelGrant(NamedTuple):
    """A level that a member was granted, and whether that stands."""

    community: str
    grant_id: str
    member_id: str
    level_id: str
    stands: bool


async def put_grants(conn: Connection, *, grants: Sequence[LevelGrant]) -> None:
    """Keep grants in the order of their ids; one that was taken back stands no more, whatever comes after."""
    await conn.execute(
        """
        insert into level_grants as g (community, grant_id, member_id, level_id, stands)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::boolean[])
        on conflict (community, grant_id) do update set stands = g.stands and excluded.stands
        """,
        *(list(column) for column in zip(*sorted(grants), strict=True)),
    )


async def has_level(conn: Connection, *, community: str, member_id: str, level_ids: Collection[str]) -> bool:
    """Whether a member, or whoever is one person with them, has one of these levels."""
    group = await load_group(conn, community=community, head_id=member_id)
    found: bool = await conn.fetchval(
        """
        select exists (
            select from level_grants
            where community = $1 and member_id = any($2::uuid[]) and level_id = any($3::text[]) and stands)
        """,
        community,
        group,
        list(level_ids),
    )
    return found
