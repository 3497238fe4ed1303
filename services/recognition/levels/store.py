"""The SQL of levels: what stands, since when members are known, what was fixed, and how far a version is."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import orjson
from asyncpg import Record

from services.recognition.hands.domain import Giver
from services.recognition.levels.domain.by_hand import Lock
from services.recognition.levels.domain.ladder import Ladder
from services.recognition.levels.domain.standing import LevelMember, MemberKey
from services.recognition.thresholds.domain import Held, ThresholdKey, parts_of
from shared.contracts.programme import Recognition
from shared.postgres import Connection

LADDERS_REMEMBERED_COUNT = 64
BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


class Sweep(NamedTuple):
    """How far the members of a community were looked at by a version."""

    community: str
    version: int
    levels: str
    after_member: str | None
    is_done: bool


@lru_cache(LADDERS_REMEMBERED_COUNT)
def _ladder(text: str) -> Ladder:
    return Ladder.of(Recognition.model_validate_json(text))


async def find_ladder(conn: Connection, *, community: str, version: int) -> Ladder:
    """The levels of a version that ask for more than points; none where there is no such version."""
    text = await conn.fetchval(
        "select recognition from programmes where community = $1 and version = $2", community, version
    )
    return _ladder(text or "{}")


async def load_members(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, LevelMember]:
    """What stands for members, of those for whom anything ever did."""
    rows = await conn.fetch(
        """
        select m.* from level_members m
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        """,
        *_columns(keys),
    )
    return {(row["community"], str(row["member_id"])): _member(row) for row in rows}


async def put_members(conn: Connection, *, members: Iterable[LevelMember]) -> None:
    """Write what stands for members, whose rows of who is due are locked."""
    changed = sorted(members, key=lambda member: (member.community, member.member_id))
    await conn.execute(
        """
        insert into level_members (community, member_id, standing, since, turns)
        select * from unnest($1::text[], $2::uuid[], $3::jsonb[], $4::jsonb[], $5::jsonb[])
        on conflict (community, member_id) do update
        set standing = excluded.standing, since = excluded.since, turns = excluded.turns
        """,
        [member.community for member in changed],
        [member.member_id for member in changed],
        [_dumped({key.id: parts_of(held) for key, held in member.standing.items()}) for member in changed],
        [_dumped(member.since) for member in changed],
        [_dumped({key.id: turn for key, turn in member.turns.items()}) for member in changed],
    )


async def rebuild(conn: Connection, *, keys: Collection[MemberKey]) -> None:
    """Have stand for members what levels were granted to them, all of which are there."""
    await conn.execute(
        """
        insert into level_members as m (community, member_id, standing, turns)
        select k.community, k.member_id,
            coalesce(jsonb_object_agg(g.name, jsonb_build_array(g.grant_id, g.title))
                filter (where g.name is not null and g.stands), '{}'),
            coalesce((
                select jsonb_object_agg(name, turn) from (
                    select name, count(*) as turn from grants
                    where community = k.community and member_id = k.member_id and kind = 'level'
                        and award_id is null and reverses is null
                    group by name) turns), '{}')
        from (select distinct * from unnest($1::text[], $2::uuid[])) as k(community, member_id)
        left join lateral (
            select name, grant_id, title, not exists (
                    select from grants r where r.community = s.community and r.reverses = s.grant_id) as stands
            from grants s
            where community = k.community and member_id = k.member_id and kind = 'level'
                and award_id is null and reverses is null) g on true
        group by k.community, k.member_id order by 1, 2
        on conflict (community, member_id) do update set standing = excluded.standing, turns = excluded.turns
        """,
        *_columns(keys),
    )


async def put_known(conn: Connection, *, known: Mapping[MemberKey, datetime]) -> set[MemberKey]:
    """Keep since when members are known, at the earliest; returns those of whom that is new."""
    keys = sorted(known)
    rows = await conn.fetch(
        """
        insert into level_known as l (community, member_id, since)
        select * from unnest($1::text[], $2::uuid[], $3::timestamptz[])
        on conflict (community, member_id) do update set since = excluded.since where excluded.since < l.since
        returning community, member_id
        """,
        *_columns(keys),
        [known[key] for key in keys],
    )
    return {(row["community"], str(row["member_id"])) for row in rows}


async def forget(conn: Connection, *, community: str, member_ids: Collection[str]) -> None:
    """Forget since when members were known who were erased, and what was written of them."""
    await conn.execute(
        "delete from level_known where community = $1 and member_id = any($2::uuid[])", community, list(member_ids)
    )
    await conn.execute(
        "update level_locks set reason = null, unlock_reason = null"
        " where community = $1 and member_id = any($2::uuid[])",
        community,
        list(member_ids),
    )


async def load_known(conn: Connection, *, community: str, member_ids: Collection[str]) -> dict[str, datetime]:
    """Since when members are known."""
    rows = await conn.fetch(
        "select member_id, since from level_known where community = $1 and member_id = any($2::uuid[])",
        community,
        list(member_ids),
    )
    return {str(row["member_id"]): row["since"] for row in rows}


async def load_suspensions(
    conn: Connection, *, community: str, member_ids: Collection[str]
) -> dict[str, list[tuple[datetime, datetime | None]]]:
    """From when until when members were and are suspended, as it stands."""
    rows = await conn.fetch(
        """
        select member_id, starts_at, ends_at from suspensions
        where community = $1 and member_id = any($2::uuid[]) and stands
        """,
        community,
        list(member_ids),
    )
    found: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for row in rows:
        found.setdefault(str(row["member_id"]), []).append((row["starts_at"], row["ends_at"]))
    return found


async def load_locks(conn: Connection, *, community: str, member_ids: Collection[str]) -> list[Lock]:
    """What people fixed of these members, in the order in which they did."""
    rows = await conn.fetch(
        """
        select * from level_locks where community = $1 and member_id = any($2::uuid[])
        order by locked_at, lock_id
        """,
        community,
        list(member_ids),
    )
    return [
        Lock(
            row["community"],
            str(row["lock_id"]),
            str(row["member_id"]),
            row["level"],
            row["locked_at"],
            Giver(None if row["locked_by_person"] is None else str(row["locked_by_person"]), row["locked_by"]),
            row["reason"],
            row["unlocked_at"],
        )
        for row in rows
    ]


async def put_lock(conn: Connection, lock: Lock) -> None:
    """Keep that somebody fixed a member's level; of one that is known only until when."""
    await conn.execute(
        """
        insert into level_locks (community, lock_id, member_id, level, locked_at, locked_by_person, locked_by,
                                 reason, unlocked_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (community, lock_id) do update set unlocked_at = excluded.unlocked_at
        """,
        lock.community,
        lock.lock_id,
        lock.member_id,
        lock.level,
        lock.locked_at,
        lock.by.person_id,
        lock.by.name,
        lock.reason,
        lock.unlocked_at,
    )


async def set_unlocked(
    conn: Connection, *, community: str, lock_ids: Collection[str], at: datetime, by: Giver, reason: str
) -> None:
    """Note that what was fixed is fixed no more."""
    await conn.execute(
        """
        update level_locks
        set unlocked_at = $3, unlocked_by_person = $4, unlocked_by = $5, unlock_reason = $6
        where community = $1 and lock_id = any($2::uuid[]) and unlocked_at is null
        """,
        community,
        list(lock_ids),
        at,
        by.person_id,
        by.name,
        reason,
    )


async def load_stale(conn: Connection) -> list[str]:
    """Communities whose members were not all looked at by the version whose events are counted."""
    rows = await conn.fetch(
        """
        select c.community from counting c left join level_sweeps s using (community)
        where c.version > 0 and (s.version is distinct from c.version or not s.is_done) order by 1
        """
    )
    return [row["community"] for row in rows]


async def find_sweep(conn: Connection, *, community: str) -> Sweep | None:
    """How far the members of a community were looked at, which nobody else goes on with meanwhile."""
    row = await conn.fetchrow("select * from level_sweeps where community = $1 for update", community)
    if row is None:
        return None
    after = None if row["after_member"] is None else str(row["after_member"])
    return Sweep(**{**row, "after_member": after})


async def put_sweep(conn: Connection, sweep: Sweep) -> None:
    """Note how far the members of a community were looked at."""
    await conn.execute(
        """
        insert into level_sweeps (community, version, levels, after_member, is_done) values ($1, $2, $3, $4, $5)
        on conflict (community) do update
        set version = excluded.version, levels = excluded.levels, after_member = excluded.after_member,
            is_done = excluded.is_done
        """,
        *sweep,
    )


async def page_of_members(conn: Connection, *, community: str, after: str | None, limit_count: int) -> list[str]:
    """Members of whom anything is known that levels read, or for whom one stands, in the order of their ids."""
    rows = await conn.fetch(
        """
        select member_id from (
            (select member_id from level_known where community = $1 and member_id > $2 order by 1 limit $3)
            union
            (select member_id from counting_members where community = $1 and member_id > $2 order by 1 limit $3)
            union
            (select member_id from level_members where community = $1 and member_id > $2 order by 1 limit $3)
            union
            (select member_id from level_due where community = $1 and member_id > $2 order by 1 limit $3)
        ) found order by 1 limit $3
        """,
        community,
        after or BEFORE_ALL,
        limit_count,
    )
    return [str(row["member_id"]) for row in rows]


def _columns(keys: Collection[MemberKey]) -> tuple[list[str], list[str]]:
    return [community for community, _ in keys], [member_id for _, member_id in keys]


def _dumped(values: Mapping[str, object]) -> str:
    return orjson.dumps(values).decode()


def _member(row: Record) -> LevelMember:
    return LevelMember(
        row["community"],
        str(row["member_id"]),
        {ThresholdKey("level", id_): Held(*held) for id_, held in orjson.loads(row["standing"]).items()},
        {id_: datetime.fromisoformat(since) for id_, since in orjson.loads(row["since"]).items()},
        {ThresholdKey("level", id_): turn for id_, turn in orjson.loads(row["turns"]).items()},
    )
