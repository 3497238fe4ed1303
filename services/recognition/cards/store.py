"""The SQL of who wants a card."""

from collections.abc import Mapping

from shared.followed_members.store import MemberKey
from shared.postgres import Connection


async def put_wanted(conn: Connection, *, wanted: Mapping[MemberKey, bool]) -> None:
    """Keep which of these members want a card; `wanted` is in the order of its keys."""
    columns = [community for community, _ in wanted], [member_id for _, member_id in wanted]
    await conn.execute(
        """
        delete from cards c using unnest($1::text[], $2::uuid[], $3::boolean[]) as k(community, member_id, wanted)
        where c.community = k.community and c.member_id = k.member_id and not k.wanted
        """,
        *columns,
        list(wanted.values()),
    )
    await conn.execute(
        """
        insert into cards (community, member_id)
        select community, member_id from unnest($1::text[], $2::uuid[], $3::boolean[])
            as k(community, member_id, wanted) where wanted
        on conflict do nothing
        """,
        *columns,
        list(wanted.values()),
    )


async def has_card(conn: Connection, *, community: str, member_id: str) -> bool:
    """Whether a member wants a card."""
    found: bool = await conn.fetchval(
        "select exists (select from cards where community = $1 and member_id = $2)", community, member_id
    )
    return found
