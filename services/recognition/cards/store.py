"""The SQL of who wants a card."""

from collections.abc import Mapping

from services.recognition.cards.domain import CardWish
from shared.followed_members.store import MemberKey
from shared.postgres import Connection


async def put_wishes(conn: Connection, *, wishes: Mapping[MemberKey, CardWish]) -> None:
    """Keep which of these members want a card, and which are hidden; `wishes` are in the order of their keys."""
    columns = (
        [community for community, _ in wishes],
        [member_id for _, member_id in wishes],
        [wish.is_wanted for wish in wishes.values()],
        [wish.is_hidden for wish in wishes.values()],
    )
    await conn.execute(
        """
        delete from cards c
        using unnest($1::text[], $2::uuid[], $3::boolean[], $4::boolean[])
            as k(community, member_id, wanted, hidden)
        where c.community = k.community and c.member_id = k.member_id and not k.wanted and not k.hidden
        """,
        *columns,
    )
    await conn.execute(
        """
        insert into cards (community, member_id, is_wanted, is_hidden)
        select * from unnest($1::text[], $2::uuid[], $3::boolean[], $4::boolean[])
            as k(community, member_id, wanted, hidden)
        where wanted or hidden
        on conflict (member_id, community) do update
        set is_wanted = excluded.is_wanted, is_hidden = excluded.is_hidden
        """,
        *columns,
    )


async def has_card(conn: Connection, *, community: str, member_id: str) -> bool:
    """Whether a member who stays wants a card, and nobody who is one person with them is hidden."""
    found: bool = await conn.fetchval(
        """
        select exists (
                select from cards where community = $1 and member_id = $2 and is_wanted and not is_hidden)
            and not exists (
                select from merges m join cards c using (community, member_id)
                where m.community = $1 and m.head_id = $2 and c.is_hidden)
        """,
        community,
        member_id,
    )
    return found
