"""The SQL of celebrations that one may react to, and of who did."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.ingest.reactions.domain import Act, Given, Reactable
from shared.postgres import Connection

PIECE_COUNT = 5_000


async def add_reactables(conn: Connection, *, reactables: Collection[Reactable]) -> None:
    """Add celebrations; those that are there stay as they are."""
    ordered = sorted(reactables, key=lambda one: (one.community, one.celebration_id))
    await conn.execute(
        """
        insert into reactables (community, celebration_id, member_id, celebrated_at)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[])
        on conflict do nothing
        """,
        [one.community for one in ordered],
        [one.celebration_id for one in ordered],
        [one.member_id for one in ordered],
        [one.celebrated_at for one in ordered],
    )


async def load_reactables(
    conn: Connection, *, community: str, celebration_ids: Sequence[str], since: datetime
) -> dict[str, Reactable]:
    """Celebrations made since a moment, by their ids, of those there are."""
    rows = await conn.fetch(
        """
        select celebration_id, member_id, celebrated_at from reactables
        where community = $1 and celebration_id = any($2::uuid[]) and celebrated_at >= $3
        """,
        community,
        list(celebration_ids),
        since,
    )
    return {
        str(row["celebration_id"]): Reactable(
            community, str(row["celebration_id"]), str(row["member_id"]), row["celebrated_at"]
        )
        for row in rows
    }


async def lock_given(
    conn: Connection, *, celebrations: Sequence[Reactable], member_id: str, act: Act
) -> list[Given]:
    """What a member did about celebrations, in the order of their ids; nobody else changes it meanwhile."""
    by_id = {one.celebration_id: one for one in celebrations}
    community = celebrations[0].community
    ids = sorted(by_id)
    await conn.execute(
        """
        insert into reactions (community, celebration_id, member_id, act)
        select $1, id, $3, $4 from unnest($2::uuid[]) as id order by id on conflict do nothing
        """,
        community,
        ids,
        member_id,
        act,
    )
    rows = await conn.fetch(
        """
        select celebration_id, is_given, changes from reactions
        where community = $1 and celebration_id = any($2::uuid[]) and member_id = $3 and act = $4
        order by celebration_id for update
        """,
        community,
        ids,
        member_id,
        act,
    )
    return [
        Given(by_id[str(row["celebration_id"])], member_id, act, row["is_given"], row["changes"]) for row in rows
    ]


async def set_given(conn: Connection, *, given: Sequence[Given]) -> None:
    """Keep what a member did about celebrations, which is locked."""
    await conn.execute(
        """
        update reactions r set is_given = k.is_given, changes = k.changes
        from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::boolean[], $6::int[])
            as k(community, celebration_id, member_id, act, is_given, changes)
        where r.community = k.community and r.celebration_id = k.celebration_id and r.member_id = k.member_id
            and r.act = k.act
        """,
        [one.celebration.community for one in given],
        [one.celebration.celebration_id for one in given],
        [one.member_id for one in given],
        [one.act for one in given],
        [one.is_given for one in given],
        [one.changes for one in given],
    )


async def delete_before(conn: Connection, *, moment: datetime) -> int:
    """Delete celebrations of before a moment, and who reacted to them, in pieces; how many celebrations."""
    rows = await conn.fetch(
        """
        with gone as (
            delete from reactables where (community, celebration_id) in (
                select community, celebration_id from reactables where celebrated_at < $1
                order by celebrated_at limit $2)
            returning community, celebration_id)
        select community, celebration_id from gone
        """,
        moment,
        PIECE_COUNT,
    )
    await conn.execute(
        """
        delete from reactions r using unnest($1::text[], $2::uuid[]) as k(community, celebration_id)
        where r.community = k.community and r.celebration_id = k.celebration_id
        """,
        [row["community"] for row in rows],
        [row["celebration_id"] for row in rows],
    )
    return len(rows)
