"""The SQL of badges by criteria: what members have of what is read, what stands, who is looked at again."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from asyncpg import Record

from services.recognition.badges.domain.deciding import BadgeMember, Criteria, MemberKey
from services.recognition.counts.domain import Plan
from services.recognition.thresholds.domain import Due, Held, ThresholdKey, parts_of
from shared.contracts.programme import Recognition, Streak
from shared.postgres import Connection

PROGRAMMES_REMEMBERED_COUNT = 64
BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


class Sweep(NamedTuple):
    """How far the members of a community were looked at by a version."""

    community: str
    version: int
    criteria: str
    after_member: str | None
    is_done: bool
    members: int
    grants: int
    started_at: datetime
    ended_at: datetime | None


@lru_cache(PROGRAMMES_REMEMBERED_COUNT)
def _recognition(text: str) -> Recognition:
    return Recognition.model_validate_json(text)


async def find_criteria(conn: Connection, *, community: str, plan: Plan) -> Criteria:
    """What the badges ask for of the version whose events are all counted, which `plan` is of."""
    text = await conn.fetchval(
        "select recognition from programmes where community = $1 and version = $2",
        community,
        plan.thresholds.version,
    )
    return Criteria.of(
        _recognition(text or "{}"),
        version=plan.thresholds.version,
        effective_from=plan.effective_from,
        day=plan.day,
        counters=plan.counter_by_rule,
    )


async def load_streaks(conn: Connection, *, community: str, plan: Plan) -> list[Streak]:
    """The streaks of the version whose events are all counted."""
    text = await conn.fetchval(
        "select recognition from programmes where community = $1 and version = $2",
        community,
        plan.thresholds.version,
    )
    return _recognition(text or "{}").streaks


async def load_audiences(
    conn: Connection, *, community: str, member_ids: Collection[str]
) -> dict[str, frozenset[str]]:
    """In which audiences members are."""
    rows = await conn.fetch(
        """
        select member_id, array_agg(audience_id) as ids from followed_audiences
        where community = $1 and member_id = any($2::uuid[]) and is_in group by member_id
        """,
        community,
        list(member_ids),
    )
    return {str(row["member_id"]): frozenset(row["ids"]) for row in rows}


async def load_groups(conn: Connection, *, community: str, head_ids: Collection[str]) -> dict[str, list[str]]:
    """Those of the heads into whom others are merged, with all their members."""
    rows = await conn.fetch(
        """
        select head_id, array_agg(member_id order by member_id) as ids from merges
        where community = $1 and head_id = any($2::uuid[]) group by head_id
        """,
        community,
        list(head_ids),
    )
    return {str(row["head_id"]): [str(row["head_id"]), *map(str, row["ids"])] for row in rows}


async def load_acts(
    conn: Connection, *, community: str, member_ids: Collection[str], counters: Collection[str]
) -> dict[str, dict[str, list[datetime]]]:
    """The quarters of an hour (UTC) in which members did what each counter counts, by member and counter."""
    rows = await conn.fetch(
        """
        select member_id, counter, array_agg(slot order by slot) as slots from acts
        where community = $1 and member_id = any($2::uuid[]) and counter = any($3::text[])
        group by member_id, counter
        """,
        community,
        list(member_ids),
        list(counters),
    )
    found: dict[str, dict[str, list[datetime]]] = {}
    for row in rows:
        found.setdefault(str(row["member_id"]), {})[row["counter"]] = row["slots"]
    return found


async def load_members(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, BadgeMember]:
    """What stands for members, of those for whom anything ever did."""
    rows = await conn.fetch(
        """
        select m.* from badge_members m
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        """,
        *_columns(keys),
    )
    return {(row["community"], str(row["member_id"])): _member(row) for row in rows}


async def lock_members(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, BadgeMember]:
    """What stands for members, by key and in that order; nobody else changes it until the transaction ends."""
    columns = _columns(sorted(keys))
    await conn.execute(
        """
        insert into badge_members (community, member_id) select * from unnest($1::text[], $2::uuid[])
        order by 1, 2 on conflict do nothing
        """,
        *columns,
    )
    rows = await conn.fetch(
        """
        select m.* from badge_members m
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        order by community, member_id for update of m
        """,
        *columns,
    )
    return {(row["community"], str(row["member_id"])): _member(row) for row in rows}


async def set_members(conn: Connection, *, members: Iterable[BadgeMember]) -> None:
    """Write what stands for members, who are locked."""
    changed = list(members)
    await conn.execute(
        """
        update badge_members m set standing = k.standing, turns = k.turns
        from unnest($1::text[], $2::uuid[], $3::jsonb[], $4::jsonb[]) as k(community, member_id, standing, turns)
        where m.community = k.community and m.member_id = k.member_id
        """,
        [member.community for member in changed],
        [member.member_id for member in changed],
        [_dumped({key: parts_of(held) for key, held in member.standing.items()}) for member in changed],
        [_dumped(member.turns) for member in changed],
    )


async def load_due_communities(conn: Connection) -> list[str]:
    """Communities with members of whom something changed, at the cost of a look into the index for each."""
    rows = await conn.fetch(
        """
        with recursive found as (
            (select community from badge_due order by community limit 1)
            union all
            select (select d.community from badge_due d where d.community > found.community
                    order by d.community limit 1)
            from found where found.community is not null)
        select community from found where community is not null
        """
    )
    return [row["community"] for row in rows]


async def take_due(conn: Connection, *, community: str, limit_count: int) -> dict[str, Due]:
    """Take out members of a community of whom something changed: those of the present first.

    They come again if this does not commit.
    """
    rows = await conn.fetch(
        """
        delete from badge_due d using (
            select community, member_id from badge_due where community = $1
            order by is_backfill limit $2 for update skip locked) taken
        where d.community = taken.community and d.member_id = taken.member_id
        returning d.*
        """,
        community,
        limit_count,
    )
    return {str(row["member_id"]): Due(row["event_time"], row["day"], row["is_backfill"]) for row in rows}


async def count_due(conn: Connection, *, community: str) -> int:
    """How many members of a community are still to be looked at."""
    count: int = await conn.fetchval("select count(*) from badge_due where community = $1", community)
    return count


async def load_stale(conn: Connection) -> list[str]:
    """Communities whose members were not all looked at by the version whose events are counted."""
    rows = await conn.fetch(
        """
        select c.community from counting c left join badge_sweeps s using (community)
        where c.version > 0 and (s.version is distinct from c.version or not s.is_done) order by 1
        """
    )
    return [row["community"] for row in rows]


async def find_sweep(conn: Connection, *, community: str) -> Sweep | None:
    """How far the members of a community were looked at."""
    row = await conn.fetchrow("select * from badge_sweeps where community = $1", community)
    if row is None:
        return None
    after = None if row["after_member"] is None else str(row["after_member"])
    return Sweep(**{**row, "after_member": after})


async def put_sweep(conn: Connection, sweep: Sweep) -> None:
    """Note how far the members of a community were looked at."""
    await conn.execute(
        """
        insert into badge_sweeps (community, version, criteria, after_member, is_done, members, grants,
                                  started_at, ended_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (community) do update
        set version = excluded.version, criteria = excluded.criteria, after_member = excluded.after_member,
            is_done = excluded.is_done, members = excluded.members, grants = excluded.grants,
            started_at = excluded.started_at, ended_at = excluded.ended_at
        """,
        *sweep,
    )


async def page_of_members(
    conn: Connection, *, community: str, audiences: Collection[str], after: str | None, limit_count: int
) -> list[str]:
    """Members of whom anything is known that badges read, or for whom one stands, in the order of their ids.

    Of audiences those are looked at that badges ask for.
    """
    rows = await conn.fetch(
        """
        select member_id from (
            (select member_id from members where community = $1 and member_id > $2 order by 1 limit $3)
            union
            (select member_id from counting_members where community = $1 and member_id > $2 order by 1 limit $3)
            union
            (select f.member_id from unnest($4::text[]) as a(audience_id) cross join lateral (
                select member_id from followed_audiences
                where community = $1 and audience_id = a.audience_id and member_id > $2 and is_in
                order by member_id limit $3) f)
            union
            (select member_id from badge_members where community = $1 and member_id > $2 order by 1 limit $3)
        ) found order by 1 limit $3
        """,
        community,
        after or BEFORE_ALL,
        limit_count,
        list(audiences),
    )
    return [str(row["member_id"]) for row in rows]


def _columns(keys: Collection[MemberKey]) -> tuple[list[str], list[str]]:
    return [community for community, _ in keys], [member_id for _, member_id in keys]


def _dumped(values: Mapping[ThresholdKey, Any]) -> str:
    return orjson.dumps({key.id: value for key, value in values.items()}).decode()


def _member(row: Record) -> BadgeMember:
    return BadgeMember(
        row["community"],
        str(row["member_id"]),
        {ThresholdKey("badge", id_): Held(*held) for id_, held in orjson.loads(row["standing"]).items()},
        {ThresholdKey("badge", id_): turn for id_, turn in orjson.loads(row["turns"]).items()},
    )
