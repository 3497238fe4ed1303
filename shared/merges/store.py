"""The SQL of merges, which ingest keeps and every other service follows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

import orjson
from asyncpg import Record

from shared.merges.domain import MemberKey, Merge, MovedMember, Spell, heads
from shared.postgres import Connection

#: A member by community and id, as each service calls it.
Key = TypeVar("Key", bound=tuple[str, str])


#: Has whoever merges members of `community`, a column, wait until the transaction ends: for statements that lock
#: more than this.
LOCK_SHARED = "pg_advisory_xact_lock_shared(hashtextextended('merges ' || community, 1))"


async def lock_merges(conn: Connection, *, communities: Collection[str]) -> None:
    """Have whoever else merges members of these communities wait until this transaction ends."""
    for community in sorted(communities):
        await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 1))", f"merges {community}")


async def find_head(conn: Connection, *, community: str, member_id: str) -> str:
    """The member whom a member belongs to: the same, unless it is merged into another."""
    found = await conn.fetchval(
        "select head_id from merges where community = $1 and member_id = $2", community, member_id
    )
    return member_id if found is None else str(found)


async def load_heads(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, str]:
    """The heads of those members who are merged into others; whoever is not there is their own."""
    rows = await conn.fetch(
        """
        select community, member_id, head_id from merges
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        where head_id is not null
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
    )
    return {(row["community"], str(row["member_id"])): str(row["head_id"]) for row in rows}


async def lock_heads(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, str]:
    """The heads of those members who are merged, which stay so until this transaction ends.

    Whoever merges in these communities waits for that; others who do this do not.
    """
    await _lock_shared(conn, keys)
    return await load_heads(conn, keys=keys)


async def lock_persons(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, str]:
    """The heads of those members who are one person with others, heads too; they stay so, as in `lock_heads`."""
    await _lock_shared(conn, keys)
    return await load_persons(conn, keys=keys)


async def load_persons(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, str]:
    """The heads of those members who are one person with others, heads too; whoever is not there is alone."""
    rows = await conn.fetch(
        """
        select k.community, k.member_id, coalesce(m.head_id, k.member_id) as head_id
        from unnest($1::text[], $2::uuid[]) as k(community, member_id)
        left join merges m using (community, member_id)
        where m.head_id is not null
            or exists (select from merges b where b.community = k.community and b.head_id = k.member_id)
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
    )
    return {(row["community"], str(row["member_id"])): str(row["head_id"]) for row in rows}


async def _lock_shared(conn: Connection, keys: Collection[MemberKey]) -> None:
    # Of communities in one order; heads are read once nobody changes them.
    await conn.execute(
        f"""
        select {LOCK_SHARED} from (select community from unnest($1::text[]) as c(community) order by 1) ordered
        """,  # noqa: S608 -- the lock is a constant
        sorted({community for community, _ in keys}),
    )


async def load_group(conn: Connection, *, community: str, head_id: str) -> list[str]:
    """A head, and all who belong to it, in the order of their ids behind it."""
    rows = await conn.fetch(
        "select member_id from merges where community = $1 and head_id = $2 order by member_id", community, head_id
    )
    return [head_id, *(str(row["member_id"]) for row in rows)]


async def load_groups(conn: Connection, *, keys: Collection[Key]) -> dict[Key, list[str]]:
    """Heads, by community and id, with all who belong to each; who is not merged stands alone."""
    found = {key: [key[1]] for key in keys}
    groups = {(key[0], key[1]): members for key, members in found.items()}
    rows = await conn.fetch(
        """
        select m.community, m.head_id, m.member_id from merges m
        join unnest($1::text[], $2::uuid[]) as k(community, head_id) using (community, head_id)
        order by m.member_id
        """,
        [key[0] for key in keys],
        [key[1] for key in keys],
    )
    for row in rows:
        groups[row["community"], str(row["head_id"])].append(str(row["member_id"]))
    return found


async def load_people(conn: Connection, *, keys: Collection[MemberKey]) -> dict[str, dict[str, list[str]]]:
    """By community the persons of several members whom these belong to: each head with all of its members."""
    heads = await load_persons(conn, keys=keys)
    persons = {(community, head_id) for (community, _), head_id in heads.items()}
    people: dict[str, dict[str, list[str]]] = {}
    for (community, head_id), group in sorted((await load_groups(conn, keys=persons)).items()):
        people.setdefault(community, {})[head_id] = group
    return people


async def load_regrouped(conn: Connection, *, moved: Sequence[MovedMember]) -> dict[str, dict[str, list[str]]]:
    """By community the persons, as they are now, whom members left or came to: each head with all of its members.

    `moved` is what `put_merges` returned.
    """
    is_of = {(one.community, one.member_id): one.is_of for one in moved}
    concerned = {(one.community, head_id) for one in moved for head_id in (one.was_of, one.is_of)}
    groups: dict[str, dict[str, list[str]]] = {}
    for community, head_id in sorted(concerned):
        if is_of.get((community, head_id), head_id) == head_id:
            of_community = groups.setdefault(community, {})
            of_community[head_id] = await load_group(conn, community=community, head_id=head_id)
    return groups


async def load_merges(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, Merge]:
    """What is known of members who are merged, or were."""
    rows = await conn.fetch(
        """
        select * from merges join unnest($1::text[], $2::uuid[]) as k(community, member_id)
        using (community, member_id)
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
    )
    return {(row["community"], str(row["member_id"])): _merge(row) for row in rows}


async def load_all_merges(conn: Connection, *, community: str) -> list[Merge]:
    """What is known of all members of a community who are merged, or were, in the order of their ids."""
    rows = await conn.fetch("select * from merges where community = $1 order by member_id", community)
    return [_merge(row) for row in rows]


async def put_merges(conn: Connection, *, merges: Sequence[Merge]) -> list[MovedMember]:
    """Keep merges in the order given; a revision not above the one known changes nothing.

    Returns whoever belongs to another now than before, in the order of members: those merged and unmerged, and who
    was merged into them before. Has others who merge in these communities wait, until the transaction ends: two
    that each see half of a chain would each find half a head.
    """
    if not merges:
        return []
    await lock_merges(conn, communities={merge.community for merge in merges})
    for merge in merges:
        await conn.execute(
            """
            insert into merges as m (community, member_id, revision, into_id, merged_at, unmerged_at, spells)
            values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (community, member_id) do update
            set revision = excluded.revision, into_id = excluded.into_id, merged_at = excluded.merged_at,
                unmerged_at = excluded.unmerged_at, spells = excluded.spells
            where excluded.revision > m.revision
            """,
            merge.community,
            merge.member_id,
            merge.revision,
            merge.into_id,
            merge.merged_at,
            merge.unmerged_at,
            orjson.dumps([[one.into_id, one.merged_at, one.unmerged_at] for one in merge.spells]).decode(),
        )
    members: dict[str, list[str]] = {}
    for merge in merges:
        members.setdefault(merge.community, []).append(merge.member_id)
    return [
        moved
        for community in sorted(members)
        for moved in await _set_heads(conn, community=community, members=members[community])
    ]


async def _set_heads(conn: Connection, *, community: str, members: Sequence[str]) -> list[MovedMember]:
    """Find the heads anew of members, and of all who are tied to them by merges."""
    rows = await conn.fetch(
        """
        with recursive tied as (
            select unnest($2::uuid[]) as member_id
            union
            select case when m.member_id = t.member_id then m.into_id else m.member_id end
            from tied t join merges m on m.community = $1 and m.unmerged_at is null
                and (m.member_id = t.member_id or m.into_id = t.member_id))
        select m.member_id, m.into_id, m.unmerged_at is null as lasts, m.head_id
        from merges m join tied using (member_id)
        where m.community = $1 order by 1
        """,
        community,
        members,
    )
    found = heads({str(row["member_id"]): str(row["into_id"]) for row in rows if row["lasts"]})
    moved = []
    for row in rows:
        member_id, was = str(row["member_id"]), row["head_id"] and str(row["head_id"])
        if found.get(member_id) != was:
            moved.append(MovedMember(community, member_id, was or member_id, found.get(member_id, member_id)))
    await conn.execute(
        """
        update merges m set head_id = h.head_id from unnest($2::uuid[], $3::uuid[]) as h(member_id, head_id)
        where m.community = $1 and m.member_id = h.member_id
        """,
        community,
        [one.member_id for one in moved],
        [None if one.is_of == one.member_id else one.is_of for one in moved],
    )
    return moved


def _merge(row: Record) -> Merge:
    return Merge(
        row["community"],
        str(row["member_id"]),
        str(row["into_id"]),
        row["merged_at"],
        row["revision"],
        row["unmerged_at"],
        tuple(
            Spell(into_id, datetime.fromisoformat(merged_at), datetime.fromisoformat(unmerged_at))
            for into_id, merged_at, unmerged_at in orjson.loads(row["spells"])
        ),
    )
