"""The SQL of members and their identities."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from asyncpg import Record

from services.ingest.members.domain import IdentityKey
from shared.postgres import Connection


async def members_of(
    conn: Connection, identities: Iterable[IdentityKey]
) -> dict[IdentityKey, tuple[str, str | None]]:
    """The member and its name behind each known identity."""
    keys = list(identities)
    rows = await conn.fetch(
        """
        select i.community, i.channel, i.identity, i.member_id, m.name from identities i
        join unnest($1::text[], $2::text[], $3::text[]) as k(community, channel, identity)
        using (community, channel, identity)
        join members m using (community, member_id)
        """,
        [community for community, _, _ in keys],
        [channel for _, channel, _ in keys],
        [identity for _, _, identity in keys],
    )
    return {
        (row["community"], row["channel"], row["identity"]): (str(row["member_id"]), row["name"]) for row in rows
    }


async def add_members(
    conn: Connection, members: Sequence[tuple[str, str, str | None, str, datetime]]
) -> set[tuple[str, str]]:
    """Add (community, member id, name, channel, first seen) in id order; return which were not there yet."""
    rows = await conn.fetch(
        """
        insert into members (community, member_id, name, channel, first_seen_at)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
        order by 1, 2
        on conflict do nothing
        returning community, member_id
        """,
        *(list(column) for column in zip(*members, strict=True)),
    )
    return {(row["community"], str(row["member_id"])) for row in rows}


async def add_identities(conn: Connection, identities: Sequence[tuple[str, str, str, str]]) -> None:
    """Add (community, channel, identity, member id) where the identity is not known yet, in key order."""
    if not identities:
        return
    await conn.execute(
        """
        insert into identities (community, channel, identity, member_id)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[])
        order by 1, 2, 3
        on conflict do nothing
        """,
        *(list(column) for column in zip(*identities, strict=True)),
    )


async def touch_members(conn: Connection, members: Sequence[tuple[str, str, str | None]]) -> None:
    """Raise the revision of (community, member id, name), and set the name where one is given; in id order."""
    if not members:
        return
    await conn.execute(
        """
        with given as (
            select * from unnest($1::text[], $2::uuid[], $3::text[]) as g(community, member_id, name)),
        locked as (
            select community, member_id from members join given using (community, member_id)
            order by 1, 2 for no key update of members)  -- a new identity's foreign key may hold its row
        update members m set name = coalesce(g.name, m.name), revision = m.revision + 1
        from given g join locked using (community, member_id)
        where m.community = g.community and m.member_id = g.member_id
        """,
        *(list(column) for column in zip(*members, strict=True)),
    )


async def member_records(conn: Connection, keys: Sequence[tuple[str, str]]) -> list[Record]:
    """Members by (community, member id), each with all identities as `channels` and `ids`, in id order."""
    return list(
        await conn.fetch(
            """
            select m.*, array_agg(i.channel order by i.channel, i.identity) as channels,
                   array_agg(i.identity order by i.channel, i.identity) as ids
            from members m
            join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
            join identities i using (community, member_id)
            group by m.community, m.member_id
            order by m.community, m.member_id
            """,
            [community for community, _ in keys],
            [member_id for _, member_id in keys],
        )
    )


async def page_of_members(conn: Connection, community: str, after: str | None, limit: int) -> list[str]:
    """Member ids of a community in id order, beginning after one."""
    rows = await conn.fetch(
        """
        select member_id from members
        where community = $1 and ($2::uuid is null or member_id > $2) order by member_id limit $3
        """,
        community,
        after,
        limit,
    )
    return [str(row["member_id"]) for row in rows]
