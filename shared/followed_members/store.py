"""The SQL of each service's copy of the members' names."""

from collections.abc import Mapping
from typing import NamedTuple

from shared.postgres import Connection

#: Community and member.
MemberKey = tuple[str, str]


class FollowedName(NamedTuple):
    """What a revision of a member says the name to show is, None without one, and whether it is a bot."""

    revision: int
    name: str | None
    bot: bool = False


async def put_names(conn: Connection, names: Mapping[MemberKey, FollowedName]) -> None:
    """Keep members' names and who is a bot; a revision that is not above the one known changes nothing."""
    ordered = sorted(names)
    await conn.execute(
        """
        insert into followed_members as m (community, member_id, revision, name, bot)
        select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::boolean[])
        on conflict (community, member_id) do update
        set revision = excluded.revision, name = excluded.name, bot = excluded.bot
        where excluded.revision > m.revision
        """,
        [community for community, _ in ordered],
        [member_id for _, member_id in ordered],
        [names[key].revision for key in ordered],
        [names[key].name for key in ordered],
        [names[key].bot for key in ordered],
    )


async def find_name(conn: Connection, *, community: str, member_id: str) -> FollowedName | None:
    """The name of a member that the service has heard of, None of any other."""
    row = await conn.fetchrow(
        "select revision, name, bot from followed_members where community = $1 and member_id = $2",
        community,
        member_id,
    )
    return None if row is None else FollowedName(row["revision"], row["name"], row["bot"])
