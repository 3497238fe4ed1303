"""The SQL of quests: who joined, teams, what stands, and who is to be looked at."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import orjson
from asyncpg import Record

from services.recognition.quests.domain import Join, MemberKey, QuestMember, Team
from services.recognition.thresholds.domain import Due, Held, parts_of
from shared.postgres import Connection

BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


class QuestSweep(NamedTuple):
    """How far the members of a community were looked at by a version."""

    community: str
    version: int
    quests: str
    after_member: str | None
    is_done: bool


async def load_joins(
    conn: Connection, *, community: str, member_ids: Collection[str] = (), team_ids: Collection[str] = ()
) -> list[Join]:
    """What these members joined, and who joined these teams, earliest first."""
    rows = await conn.fetch(
        """
        select quest, member_id, joined_at, left_at, team_id from quest_joins
        where community = $1 and (member_id = any($2::uuid[]) or team_id = any($3::uuid[]))
        order by joined_at, member_id, quest
        """,
        community,
        list(member_ids),
        list(team_ids),
    )
    return [
        Join(
            row["quest"],
            str(row["member_id"]),
            row["joined_at"],
            row["left_at"],
            None if row["team_id"] is None else str(row["team_id"]),
        )
        for row in rows
    ]


async def load_teams(conn: Connection, *, community: str, team_ids: Collection[str]) -> dict[str, Team]:
    """Teams by their ids."""
    rows = await conn.fetch(
        "select * from quest_teams where community = $1 and team_id = any($2::uuid[])", community, list(team_ids)
    )
    return {str(row["team_id"]): _team(row) for row in rows}


async def lock_team(conn: Connection, *, community: str, quest: str, name: str) -> Team | None:
    """The team of that name, whatever letters are capitals; nobody else joins it until the transaction ends."""
    row = await conn.fetchrow(
        "select * from quest_teams where community = $1 and quest = $2 and lower(name) = lower($3) for update",
        community,
        quest,
        name,
    )
    return None if row is None else _team(row)


async def add_team(conn: Connection, *, community: str, team: Team) -> bool:
    """Make a team; False where another of the quest has its name."""
    added = await conn.fetchval(
        """
        insert into quest_teams (community, team_id, quest, name, made_by, made_at) values ($1, $2, $3, $4, $5, $6)
        on conflict do nothing returning true
        """,
        community,
        team.team_id,
        team.quest,
        team.name,
        team.made_by,
        team.made_at,
    )
    return bool(added)


async def add_join(conn: Connection, *, community: str, join: Join) -> None:
    """Have a member be in a quest from now on."""
    await conn.execute(
        "insert into quest_joins (community, quest, member_id, joined_at, left_at, team_id)"
        " values ($1, $2, $3, $4, $5, $6)",
        community,
        *join,
    )


async def put_join(conn: Connection, *, community: str, join: Join) -> None:
    """Have a member have been in a quest; one that is known stays as it is."""
    await conn.execute(
        "insert into quest_joins (community, quest, member_id, joined_at, left_at, team_id)"
        " values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        community,
        *join,
    )


async def set_left(
    conn: Connection, *, community: str, quest: str, member_ids: Collection[str], team_id: str, at: datetime
) -> None:
    """Have members be in a team no more."""
    await conn.execute(
        """
        update quest_joins set left_at = $5
        where community = $1 and quest = $2 and member_id = any($3::uuid[]) and team_id = $4 and left_at is null
        """,
        community,
        quest,
        list(member_ids),
        team_id,
        at,
    )


async def forget_names(conn: Connection, *, community: str, member_ids: Collection[str]) -> None:
    """Forget what members called the teams that they made: these go by their ids."""
    await conn.execute(
        "update quest_teams set name = team_id::text where community = $1 and made_by = any($2::uuid[])",
        community,
        list(member_ids),
    )


async def lock_joining(conn: Connection, *, community: str, member_id: str) -> None:
    """Of two requests of one person to join, the second sees what the first did."""
    await conn.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 7))", f"quest joins {community} {member_id}"
    )


async def load_members(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, QuestMember]:
    """The quests that stand for members, of those for whom any ever did."""
    rows = await conn.fetch(
        """
        select m.* from quest_members m
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        """,
        *_columns(keys),
    )
    return {(row["community"], str(row["member_id"])): _member(row) for row in rows}


async def lock_members(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, QuestMember]:
    """The quests that stand for members, by key and in that order; nobody else changes it meanwhile."""
    columns = _columns(sorted(keys))
    await conn.execute(
        """
        insert into quest_members (community, member_id) select * from unnest($1::text[], $2::uuid[])
        order by 1, 2 on conflict do nothing
        """,
        *columns,
    )
    rows = await conn.fetch(
        """
        select m.* from quest_members m
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        order by community, member_id for update of m
        """,
        *columns,
    )
    return {(row["community"], str(row["member_id"])): _member(row) for row in rows}


async def set_members(conn: Connection, *, members: Iterable[QuestMember]) -> None:
    """Write what stands for members, who are locked."""
    changed = list(members)
    await conn.execute(
        """
        update quest_members m set standing = k.standing, turns = k.turns
        from unnest($1::text[], $2::uuid[], $3::jsonb[], $4::jsonb[]) as k(community, member_id, standing, turns)
        where m.community = k.community and m.member_id = k.member_id
        """,
        [member.community for member in changed],
        [member.member_id for member in changed],
        [orjson.dumps({id_: parts_of(held) for id_, held in one.standing.items()}).decode() for one in changed],
        [orjson.dumps(one.turns).decode() for one in changed],
    )


async def rebuild(conn: Connection, *, keys: Collection[MemberKey]) -> None:
    """Have stand for members what quests were granted to them, all of which are there."""
    await conn.execute(
        """
        insert into quest_members as m (community, member_id, standing, turns)
        select k.community, k.member_id,
            coalesce(jsonb_object_agg(g.name, jsonb_build_array(g.grant_id, g.title))
                filter (where g.stands), '{}'),
            coalesce((
                select jsonb_object_agg(name, turn) from (
                    select name, count(*) as turn from grants
                    where community = k.community and member_id = k.member_id and kind = 'quest'
                        and reverses is null
                    group by name) turns), '{}')
        from (select distinct * from unnest($1::text[], $2::uuid[])) as k(community, member_id)
        left join lateral (
            select name, grant_id, title, not exists (
                    select from grants r where r.community = s.community and r.reverses = s.grant_id) as stands
            from grants s
            where community = k.community and member_id = k.member_id and kind = 'quest' and reverses is null) g
            on true
        group by k.community, k.member_id order by 1, 2
        on conflict (community, member_id) do update set standing = excluded.standing, turns = excluded.turns
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
    )


async def load_due_communities(conn: Connection) -> list[str]:
    """Communities with members to be looked at, at the cost of a look into the index for each."""
    rows = await conn.fetch(
        """
        with recursive found as (
            (select community from quest_due order by community limit 1)
            union all
            select (select d.community from quest_due d where d.community > found.community
                    order by d.community limit 1)
            from found where found.community is not null)
        select community from found where community is not null
        """
    )
    return [row["community"] for row in rows]


async def take_due(conn: Connection, *, community: str, limit_count: int) -> dict[str, Due]:
    """Take out members of a community to be looked at; they come again if this does not commit."""
    rows = await conn.fetch(
        """
        delete from quest_due d using (
            select community, member_id from quest_due where community = $1
            order by is_backfill limit $2 for update skip locked) taken
        where d.community = taken.community and d.member_id = taken.member_id
        returning d.*
        """,
        community,
        limit_count,
    )
    return {str(row["member_id"]): Due(row["event_time"], row["day"], row["is_backfill"]) for row in rows}


async def load_stale(conn: Connection) -> list[str]:
    """Communities whose members were not all looked at by the version whose events are counted."""
    rows = await conn.fetch(
        """
        select c.community from counting c left join quest_sweeps s using (community)
        where c.version > 0 and (s.version is distinct from c.version or not s.is_done) order by 1
        """
    )
    return [row["community"] for row in rows]


async def find_sweep(conn: Connection, *, community: str) -> QuestSweep | None:
    """How far the members of a community were looked at."""
    row = await conn.fetchrow("select * from quest_sweeps where community = $1", community)
    if row is None:
        return None
    after = None if row["after_member"] is None else str(row["after_member"])
    return QuestSweep(row["community"], row["version"], row["quests"], after, row["is_done"])


async def put_sweep(conn: Connection, sweep: QuestSweep) -> None:
    """Note how far the members of a community were looked at."""
    await conn.execute(
        """
        insert into quest_sweeps (community, version, quests, after_member, is_done) values ($1, $2, $3, $4, $5)
        on conflict (community) do update
        set version = excluded.version, quests = excluded.quests, after_member = excluded.after_member,
            is_done = excluded.is_done
        """,
        *sweep,
    )


async def page_of_members(conn: Connection, *, community: str, after: str | None, limit_count: int) -> list[str]:
    """Members who may hold a quest, or do, in the order of their ids."""
    rows = await conn.fetch(
        """
        select member_id from (
            (select member_id from counting_members where community = $1 and member_id > $2 order by 1 limit $3)
            union
            (select member_id from quest_members where community = $1 and member_id > $2 order by 1 limit $3)
        ) found order by 1 limit $3
        """,
        community,
        after or BEFORE_ALL,
        limit_count,
    )
    return [str(row["member_id"]) for row in rows]


def _team(row: Record) -> Team:
    return Team(str(row["team_id"]), row["quest"], row["name"], str(row["made_by"]), row["made_at"])


def _columns(keys: Collection[MemberKey]) -> tuple[list[str], list[str]]:
    return [community for community, _ in keys], [member_id for _, member_id in keys]


def _held(text: str) -> Mapping[str, Held]:
    return {id_: Held(*parts) for id_, parts in orjson.loads(text).items()}


def _member(row: Record) -> QuestMember:
    return QuestMember(
        row["community"], str(row["member_id"]), dict(_held(row["standing"])), orjson.loads(row["turns"])
    )
