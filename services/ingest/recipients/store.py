"""The SQL that knows recipients and addresses as members'."""

from collections.abc import Collection

from shared.postgres import Connection


async def load_by_addresses(conn: Connection, *, community: str, hashes: Collection[str]) -> dict[str, str]:
    """Whose mail addresses, by their hashes, are: of those that one member has confirmed."""
    rows = await conn.fetch(
        """
        select a.address_hash, min(coalesce(g.head_id, a.member_id)::text) as member_id
        from message_addresses a left join merges g using (community, member_id)
        where a.community = $1 and a.address_hash = any($2::text[]) and a.state = 'confirmed'
        group by 1 having count(distinct coalesce(g.head_id, a.member_id)) = 1
        """,
        community,
        list(hashes),
    )
    return {row["address_hash"]: row["member_id"] for row in rows}


async def load_by_emails(conn: Connection, *, community: str, hashes: Collection[str]) -> dict[str, str]:
    """Whose identities have verified addresses with these hashes: of those that are one member's."""
    rows = await conn.fetch(
        """
        select i.email_hash, min(coalesce(g.head_id, i.member_id)::text) as member_id
        from identities i left join merges g using (community, member_id)
        where i.community = $1 and i.email_hash = any($2::text[]) and i.email_verified
        group by 1 having count(distinct coalesce(g.head_id, i.member_id)) = 1
        """,
        community,
        list(hashes),
    )
    return {row["email_hash"]: row["member_id"] for row in rows}


async def load_ids(conn: Connection, *, community: str, member_ids: Collection[str]) -> dict[str, str]:
    """Which of these are members who were not erased, each by whom they are merged into."""
    rows = await conn.fetch(
        """
        select m.member_id::text, coalesce(g.head_id, m.member_id)::text as head_id
        from members m left join merges g using (community, member_id)
        where m.community = $1 and m.member_id = any($2::uuid[]) and m.erased_at is null
        """,
        community,
        list(member_ids),
    )
    return {row["member_id"]: row["head_id"] for row in rows}
