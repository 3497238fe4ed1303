"""The SQL of members, their names, marks and dated facts."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from asyncpg import Record

from services.ingest.members.domain import (
    BotBy,
    Dated,
    Marks,
    Member,
    MemberKey,
    MemberPlace,
    NamedBy,
    NewMember,
    SaidName,
    ToldIdentity,
)
from shared.contracts.identities import NamedIdentity
from shared.postgres import Connection

_MARKS = ", ".join(Marks._fields)
_MARKS_TYPES = (
    "${}::text[], ${}::boolean[], ${}::text[], ${}::text[], ${}::text[], ${}::boolean[], ${}::boolean[],"
    " ${}::boolean[]"
)


async def add_members(conn: Connection, *, members: Sequence[NewMember]) -> set[MemberKey]:
    """Add members, in the order of their keys; return those that were not there yet."""
    rows = await conn.fetch(
        """
        insert into members (community, member_id, channel, first_seen_at, name, name_by, name_at)
        select community, member_id, channel, first_seen_at, name, coalesce(name_by, 0), coalesce(name_at, 'epoch')
        from unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::smallint[],
                    $7::timestamptz[]) as n(community, member_id, channel, first_seen_at, name, name_by, name_at)
        order by 1, 2
        on conflict do nothing
        returning community, member_id
        """,
        [member.community for member in members],
        [member.member_id for member in members],
        [member.channel for member in members],
        [member.first_seen_at for member in members],
        *_said_columns([member.said for member in members]),
    )
    return {MemberKey(community, str(member_id)) for community, member_id in rows}


async def load_erased_members(conn: Connection, *, keys: Collection[MemberKey]) -> set[MemberKey]:
    """Those of members who were erased."""
    rows = await conn.fetch(
        """
        select community, member_id from members
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        where erased_at is not null
        """,
        [key.community for key in keys],
        [key.member_id for key in keys],
    )
    return {MemberKey(row["community"], str(row["member_id"])) for row in rows}


async def forget_members(conn: Connection, *, keys: Collection[MemberKey]) -> None:
    """Delete members that this transaction has made and that came too late: their identities are others'."""
    await conn.execute(
        """
        delete from members m using unnest($1::text[], $2::uuid[]) as k(community, member_id)
        where m.community = k.community and m.member_id = k.member_id
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
    )


def _said_columns(names: Sequence[SaidName | None]) -> tuple[list[Any], list[Any], list[Any]]:
    """The columns name, name_by and name_at, of nulls where there is no name."""
    return (
        [said and said.name for said in names],
        [said and said.by for said in names],
        [said and said.at for said in names],
    )


async def set_names(conn: Connection, *, names: Mapping[MemberKey, SaidName]) -> set[MemberKey]:
    """Set the names that count for more than those there are; in the order of keys.

    Returns the members whose name is another now, or another's word: their revisions are raised. That a name was
    said again, later, is only noted.
    """
    if not names:
        return set()
    rows = await conn.fetch(
        """
        with given as (
            select * from unnest($1::text[], $2::uuid[], $3::text[], $4::smallint[], $5::timestamptz[])
                as g(community, member_id, name, name_by, name_at)),
        locked as (
            select community, member_id, members.name, members.name_by
            from members join given using (community, member_id)
            where erased_at is null
            order by 1, 2 for no key update of members)  -- a new identity's foreign key may hold its row
        update members m
        set name = g.name, name_by = g.name_by, name_at = g.name_at,
            revision = m.revision + ((g.name, g.name_by) is distinct from (l.name, l.name_by))::int
        from given g join locked l using (community, member_id)
        where m.community = g.community and m.member_id = g.member_id
            and (m.name is null or (g.name_by, g.name_at, g.name collate "C")
                > (m.name_by, m.name_at, m.name collate "C"))
        returning m.community, m.member_id,
            (g.name, g.name_by) is distinct from (l.name, l.name_by) as is_changed
        """,
        *(list(column) for column in zip(*names, strict=True)),
        *_said_columns(list(names.values())),
    )
    return {MemberKey(row["community"], str(row["member_id"])) for row in rows if row["is_changed"]}


async def raise_revision(conn: Connection, *, key: MemberKey) -> None:
    """Give a member a higher revision: something else than the name is new."""
    await conn.execute("update members set revision = revision + 1 where community = $1 and member_id = $2", *key)


async def set_bots(conn: Connection, *, bots: Mapping[MemberKey, BotBy | None]) -> None:
    """Set by whose word members are bots, None for persons, and raise their revisions; in the order of keys."""
    if not bots:
        return
    await conn.execute(
        """
        with given as (
            select * from unnest($1::text[], $2::uuid[], $3::text[]) as g(community, member_id, bot_by)),
        locked as (
            select community, member_id from members join given using (community, member_id)
            order by 1, 2 for no key update of members)
        update members m set bot_by = g.bot_by, revision = m.revision + 1
        from given g join locked using (community, member_id)
        where m.community = g.community and m.member_id = g.member_id
        """,
        *(list(column) for column in zip(*bots, strict=True)),
        list(bots.values()),
    )


async def set_marks(conn: Connection, *, marks: Mapping[MemberKey, Marks]) -> None:
    """Set what members are and what follows, and raise their revisions; in the order of keys."""
    if not marks:
        return
    ordered = sorted(marks)
    await conn.execute(
        f"""
        with given as (
            select * from unnest($1::text[], $2::uuid[], {_MARKS_TYPES.format(*range(3, 11))})
                as g(community, member_id, {_MARKS})),
        locked as (
            select community, member_id from members join given using (community, member_id)
            order by 1, 2 for no key update of members)
        update members m set ({_MARKS}) = (select {_MARKS} from given g
                where g.community = m.community and g.member_id = m.member_id),
            revision = m.revision + 1
        from locked l where m.community = l.community and m.member_id = l.member_id
        """,  # noqa: S608 -- constants
        [community for community, _ in ordered],
        [member_id for _, member_id in ordered],
        *(list(column) for column in zip(*(marks[key] for key in ordered), strict=True)),
    )


async def put_members_as_told(conn: Connection, *, members: Sequence[Member]) -> None:
    """Keep members as they were told, in the order given; a revision not above the one known changes nothing."""
    await conn.execute(
        f"""
        insert into members as m (community, member_id, channel, first_seen_at, revision, name, name_by, name_at,
            {_MARKS})
        select community, member_id, channel, first_seen_at, revision, name, coalesce(name_by, 0),
            coalesce(name_at, 'epoch'), {_MARKS}
        from unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::int[], $6::text[], $7::smallint[],
                    $8::timestamptz[], {_MARKS_TYPES.format(*range(9, 17))})
            as t(community, member_id, channel, first_seen_at, revision, name, name_by, name_at, {_MARKS})
        on conflict (community, member_id) do update
        set name = excluded.name, name_by = excluded.name_by, name_at = excluded.name_at,
            channel = excluded.channel, first_seen_at = excluded.first_seen_at, revision = excluded.revision,
            {", ".join(f"{name} = excluded.{name}" for name in Marks._fields)}
        where excluded.revision > m.revision
        """,  # noqa: S608 -- constants
        [member.community for member in members],
        [member.member_id for member in members],
        [member.channel for member in members],
        [member.first_seen_at for member in members],
        [member.revision for member in members],
        *_said_columns([member.said for member in members]),
        *([list(column) for column in zip(*(member.marks for member in members), strict=True)] or [[]] * 8),
    )


async def load_members(conn: Connection, *, keys: Sequence[MemberKey]) -> dict[MemberKey, Member]:
    """The members that are known, each with all identities; in the order of their keys."""
    rows = await conn.fetch(
        """
        select m.*, i.channels, i.ids, i.hosts, t.hashes, t.told_channels, g.head_id, b.merged_ids
        from members m
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        cross join lateral (
            select array_agg(channel order by channel, identity, host) as channels,
                array_agg(identity order by channel, identity, host) as ids,
                array_agg(host order by channel, identity, host) as hosts
            from identities where community = m.community and member_id = m.member_id) i
        cross join lateral (
            select array_agg(identity_hash order by identity_hash) as hashes,
                array_agg(channel order by identity_hash) as told_channels
            from told_identities where community = m.community and member_id = m.member_id) t
        left join merges g on g.community = m.community and g.member_id = m.member_id
        cross join lateral (
            select array_agg(member_id order by member_id) as merged_ids
            from merges where community = m.community and head_id = m.member_id) b
        where m.erased_at is null and (i.ids is not null or t.hashes is not null)
        order by m.community, m.member_id
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
    )
    members = map(_member, rows)
    return {MemberKey(member.community, member.member_id): member for member in members}


async def find_member(conn: Connection, *, key: MemberKey) -> Member | None:
    """A member, with all of their identities; None when there is none of that id."""
    return (await load_members(conn, keys=[key])).get(key)


def said_of(row: Record) -> SaidName | None:
    if row["name"] is None:
        return None
    return SaidName(NamedBy(row["name_by"]), row["name_at"], row["name"])


def _mark(value: Any) -> Any:
    return BotBy(value) if isinstance(value, str) else value


def _member(row: Record) -> Member:
    community, member_id = row["community"], str(row["member_id"])
    told = zip(row["hashes"] or (), row["told_channels"] or (), strict=True)
    return Member(
        community=community,
        member_id=member_id,
        said=said_of(row),
        channel=row["channel"],
        first_seen_at=row["first_seen_at"],
        revision=row["revision"],
        identities=tuple(map(NamedIdentity, row["channels"] or (), row["ids"] or (), row["hosts"] or ())),
        marks=Marks(*(_mark(row[name]) for name in Marks._fields)),
        told=tuple(ToldIdentity(community, one, channel, member_id) for one, channel in told),
        merged_into=row["head_id"] and str(row["head_id"]),
        merged_ids=tuple(map(str, row["merged_ids"] or ())),
    )


async def page_of_members(
    conn: Connection, *, community: str, after: MemberPlace | None, limit_count: int
) -> list[Member]:
    """Members of a community in the order of their ids; as many as asked for, if there are."""
    # Those whom `load_members` knows: a page that lacks some would pass for the last.
    rows = await conn.fetch(
        """
        select member_id from members m
        where community = $1 and ($2::uuid is null or member_id > $2) and erased_at is null
            and (exists (select from identities i where i.community = $1 and i.member_id = m.member_id)
                or exists (select from told_identities t where t.community = $1 and t.member_id = m.member_id))
        order by member_id limit $3
        """,
        community,
        None if after is None else after.member_id,
        limit_count,
    )
    keys = [MemberKey(community, str(row["member_id"])) for row in rows]
    return list((await load_members(conn, keys=keys)).values())


async def put_dated(conn: Connection, *, facts: Sequence[tuple[MemberKey, Dated]]) -> None:
    """Keep dated facts of members, each once; of two that were said in the same moment the other stays."""
    if not facts:
        return
    await conn.execute(
        """
        insert into dated_facts (community, member_id, kind, name, since, said_at, value, source, travels)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
            $7::jsonb[], $8::text[], $9::boolean[])
        on conflict do nothing
        """,
        [key.community for key, _ in facts],
        [key.member_id for key, _ in facts],
        [fact.kind for _, fact in facts],
        [fact.name for _, fact in facts],
        [fact.since for _, fact in facts],
        [fact.said_at for _, fact in facts],
        [orjson.dumps(fact.value).decode() for _, fact in facts],
        [fact.source for _, fact in facts],
        [fact.travels for _, fact in facts],
    )


async def load_dated(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, list[Dated]]:
    """All dated facts of members, each in the order of kinds, names, moments and when they were said."""
    rows = await conn.fetch(
        """
        select f.* from dated_facts f
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        order by community, member_id, kind, name, since, said_at
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
    )
    found: dict[MemberKey, list[Dated]] = {}
    for row in rows:
        fact = Dated(
            row["kind"],
            row["name"],
            row["since"],
            row["said_at"],
            orjson.loads(row["value"]),
            row["source"],
            row["travels"],
        )
        found.setdefault(MemberKey(row["community"], str(row["member_id"])), []).append(fact)
    return found
