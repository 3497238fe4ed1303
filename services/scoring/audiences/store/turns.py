"""The SQL of audiences: who is in them, what was told, and who is to be looked at."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson
from asyncpg import Record

from services.scoring.audiences.domain import AudiencePlace, MemberOf, State, Turn
from services.scoring.rules.domain.attributes import MemberKey
from shared.postgres import Connection

_TURN = (
    "community",
    "member_id",
    "audience_id",
    "revision",
    "is_in",
    "since",
    "known_at",
    "programme_version",
    "met",
)
_NAMES = ", ".join(_TURN)


class Sweep(NamedTuple):
    """How far the members of a community were looked at by a version."""

    version: int
    after_member: str | None
    is_done: bool


async def put_due(conn: Connection, *, due: Mapping[MemberKey, datetime]) -> None:
    """Have members looked at from these moments on, or from those known where they are sooner."""
    keys = sorted(due)
    await conn.execute(
        """
        insert into audience_due as d (community, member_id, due_at)
        select * from unnest($1::text[], $2::uuid[], $3::timestamptz[])
        on conflict (community, member_id) do update set due_at = excluded.due_at where excluded.due_at < d.due_at
        """,
        [key.community for key in keys],
        [key.member_id for key in keys],
        [due[key] for key in keys],
    )


async def take_due(conn: Connection, *, now: datetime, limit_count: int) -> list[MemberKey]:
    """Take out members who are due, the longest first; they come again if this does not commit."""
    rows = await conn.fetch(
        """
        delete from audience_due d using (
            select community, member_id from audience_due where due_at <= $1
            order by due_at limit $2 for update skip locked) taken
        where d.community = taken.community and d.member_id = taken.member_id
        returning d.community, d.member_id
        """,
        now,
        limit_count,
    )
    return sorted(MemberKey(row["community"], str(row["member_id"])) for row in rows)


async def load_states(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, dict[str, State]]:
    """What was told last of members, by audience."""
    rows = await conn.fetch(
        """
        select community, member_id, audience_id, revision, is_in, since from audience_members
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        """,
        [key.community for key in keys],
        [key.member_id for key in keys],
    )
    found: dict[MemberKey, dict[str, State]] = {}
    for row in rows:
        state = State(row["revision"], row["is_in"], row["since"])
        found.setdefault(MemberKey(row["community"], str(row["member_id"])), {})[row["audience_id"]] = state
    return found


async def put_turns(conn: Connection, *, turns: Sequence[Turn]) -> None:
    """Keep turns, and as what is told last those with the highest revision; those that are there stay."""
    values = [(*turn[:-1], orjson.dumps(turn.met).decode()) for turn in sorted(turns, key=lambda one: one[:4])]
    columns = [list(column) for column in zip(*values, strict=True)]
    given = (
        f"select {_NAMES} from unnest($1::text[], $2::uuid[], $3::text[], $4::int[], $5::boolean[],"  # noqa: S608 -- constants
        f" $6::timestamptz[], $7::timestamptz[], $8::int[], $9::jsonb[]) as t({_NAMES})"
    )
    await conn.execute(f"insert into audience_changes ({_NAMES}) {given} on conflict do nothing", *columns)
    await conn.execute(
        f"""
        insert into audience_members as m ({_NAMES})
        select distinct on (community, member_id, audience_id) * from ({given}) g
        order by community, member_id, audience_id, revision desc
        on conflict (community, audience_id, member_id) do update
        set revision = excluded.revision, is_in = excluded.is_in, since = excluded.since,
            known_at = excluded.known_at, programme_version = excluded.programme_version, met = excluded.met
        where excluded.revision > m.revision
        """,  # noqa: S608 -- constants
        *columns,
    )


async def erase(conn: Connection, *, keys: Sequence[MemberKey]) -> None:
    """Forget in which audiences members who were erased are, and were, and what they did was about."""
    for table in ("audience_due", "audience_members", "audience_changes", "event_topics"):
        await conn.execute(
            f"""
            delete from {table} t using unnest($1::text[], $2::uuid[]) as k(community, member_id)
            where t.community = k.community and t.member_id = k.member_id
            """,  # noqa: S608 -- constants
            [key.community for key in keys],
            [key.member_id for key in keys],
        )


async def find_erased(conn: Connection, *, keys: Collection[MemberKey]) -> set[MemberKey]:
    """Those of them who were erased."""
    rows = await conn.fetch(
        """
        select community, member_id from followed_members
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        where is_erased
        """,
        [key.community for key in keys],
        [key.member_id for key in keys],
    )
    return {MemberKey(row["community"], str(row["member_id"])) for row in rows}


async def load_communities(conn: Connection) -> list[str]:
    """The communities of which some version has audiences."""
    rows = await conn.fetch(
        "select distinct community from programme_versions where document ? 'audiences' order by community"
    )
    return [row["community"] for row in rows]


async def load_communities_among(conn: Connection, *, communities: Collection[str]) -> set[str]:
    """Of these communities those of which some version has audiences."""
    rows = await conn.fetch(
        "select community from programme_versions where document ? 'audiences' and community = any($1::text[])",
        list(communities),
    )
    return {row["community"] for row in rows}


async def load_sweeps(conn: Connection) -> dict[str, Sweep]:
    """How far the members of each community were looked at."""
    rows = await conn.fetch("select community, version, after_member, is_done from audience_sweeps")
    return {
        row["community"]: Sweep(
            row["version"], None if row["after_member"] is None else str(row["after_member"]), row["is_done"]
        )
        for row in rows
    }


async def sweep(
    conn: Connection, *, community: str, version: int, after_member: str | None, now: datetime, limit_count: int
) -> bool:
    """Have the next so many members of a community looked at by a version; whether these were the last."""
    rows = await conn.fetch(
        """
        select member_id from followed_members
        where community = $1 and not is_erased and ($2::uuid is null or member_id > $2)
        order by member_id limit $3
        """,
        community,
        after_member,
        limit_count,
    )
    members = [str(row["member_id"]) for row in rows]
    if members:
        await put_due(conn, due={MemberKey(community, member_id): now for member_id in members})
    is_done = len(members) < limit_count
    await conn.execute(
        """
        insert into audience_sweeps (community, version, after_member, is_done) values ($1, $2, $3, $4)
        on conflict (community) do update
        set version = excluded.version, after_member = excluded.after_member, is_done = excluded.is_done
        """,
        community,
        version,
        members[-1] if members else after_member,
        is_done,
    )
    return is_done


async def load_sizes(conn: Connection, *, community: str) -> dict[str, int]:
    """How many members each audience has that has some."""
    rows = await conn.fetch(
        "select audience_id, count(*) from audience_members where community = $1 and is_in group by audience_id",
        community,
    )
    return {row["audience_id"]: row["count"] for row in rows}


async def count_due(conn: Connection, *, community: str, now: datetime) -> int:
    """How many members are still to be looked at, of those who are due."""
    found: int = await conn.fetchval(
        "select count(*) from audience_due where community = $1 and due_at <= $2", community, now
    )
    return found


async def page_of_members(
    conn: Connection, *, community: str, audience_id: str, after: AudiencePlace | None, limit: int
) -> list[MemberOf]:
    """Who is in an audience now, by member, beginning after one."""
    rows = await conn.fetch(
        """
        select member_id, since, known_at, programme_version, met from audience_members
        where community = $1 and audience_id = $2 and is_in and ($3::uuid is null or member_id > $3)
        order by member_id limit $4
        """,
        community,
        audience_id,
        after.member_id if after else None,
        limit,
    )
    return [_member(row) for row in rows]


async def page_of_members_at(
    conn: Connection,
    *,
    community: str,
    audience_id: str,
    at: datetime,
    known_at: datetime,
    after: AudiencePlace | None,
    limit: int,
) -> list[MemberOf]:
    """Who was in an audience at a time, by what was told of it until another."""
    rows = await conn.fetch(
        """
        select m.member_id, c.since, c.known_at, c.programme_version, c.met from audience_members m
        cross join lateral (
            select * from audience_changes
            where member_id = m.member_id and audience_id = $2 and community = $1 and since <= $3
                and known_at <= $4
            order by revision desc limit 1) c
        where m.community = $1 and m.audience_id = $2 and ($5::uuid is null or m.member_id > $5) and c.is_in
        order by m.member_id limit $6
        """,
        community,
        audience_id,
        at,
        known_at,
        after.member_id if after else None,
        limit,
    )
    return [_member(row) for row in rows]


async def load_told(
    conn: Connection, *, community: str, member_id: str, at: datetime, known_at: datetime
) -> dict[str, Turn]:
    """What was told last of a member until a time, of what was so until another, by audience."""
    rows = await conn.fetch(
        f"""
        select distinct on (audience_id) {_NAMES} from audience_changes
        where member_id = $2 and community = $1 and since <= $3 and known_at <= $4
        order by audience_id, revision desc
        """,  # noqa: S608 -- constants
        community,
        member_id,
        at,
        known_at,
    )
    return {
        row["audience_id"]: Turn(
            row["community"],
            str(row["member_id"]),
            row["audience_id"],
            row["revision"],
            row["is_in"],
            row["since"],
            row["known_at"],
            row["programme_version"],
            orjson.loads(row["met"]),
        )
        for row in rows
    }


async def load_sample(conn: Connection, *, community: str, after: str, limit: int) -> list[str]:
    """Members of a community from an id on, and from the first on once there are no more: ids are random."""
    rows = await conn.fetch(
        """
        (select member_id, 0 as turn from followed_members
            where community = $1 and member_id > $2 and not is_erased order by member_id limit $3)
        union all
        (select member_id, 1 from followed_members
            where community = $1 and member_id <= $2 and not is_erased order by member_id limit $3)
        order by turn, member_id limit $3
        """,
        community,
        after,
        limit,
    )
    return [str(row["member_id"]) for row in rows]


async def count_members(conn: Connection, *, community: str) -> int:
    """How many members a community has that were not erased, those merged into others counted too."""
    found: int = await conn.fetchval(
        "select count(*) from followed_members where community = $1 and not is_erased", community
    )
    return found


def _member(row: Record) -> MemberOf:
    return MemberOf(
        str(row["member_id"]),
        row["since"],
        row["known_at"],
        row["programme_version"],
        orjson.loads(row["met"]),
    )
