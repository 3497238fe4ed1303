"""The SQL of tallies, and of whose levels are due."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import NamedTuple

from services.recognition.tallies.domain import PERSON, MemberKey, Tally, TallyOfAll
from shared.postgres import Connection


class Kept(NamedTuple):
    """What a member did of a counter in a quarter of an hour."""

    slot: datetime
    what: str
    events: int


class Due(NamedTuple):
    """A member whose levels are looked at again, and whether only what is past led to that."""

    member_id: str
    is_backfill: bool


async def add_tallies(conn: Connection, *, tallies: Collection[Tally]) -> None:
    """Add to what members did; of what is nothing any more no row stays."""
    by: dict[tuple[str, str, str, datetime, str], int] = {}
    for community, member_id, counter, slot, what, change in tallies:
        place = (community, member_id, counter, slot, what)
        by[place] = by.get(place, 0) + change
    # What came and was taken back in one batch is not there.
    keys = sorted(key for key, change in by.items() if change)
    if not keys:
        return
    columns = [list(column) for column in zip(*keys, strict=True)]
    await conn.execute(
        """
        insert into tallies as t (community, member_id, counter, slot, what, events)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::bigint[])
        on conflict (member_id, counter, slot, what, community) do update set events = t.events + excluded.events
        """,
        *columns,
        [by[key] for key in keys],
    )
    if min(by.values()) < 0:
        await conn.execute(
            """
            delete from tallies t
            using unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[])
                as k(community, member_id, counter, slot, what)
            where t.community = k.community and t.member_id = k.member_id and t.counter = k.counter
                and t.slot = k.slot and t.what = k.what and t.events = 0
            """,
            *columns,
        )


async def add_tallies_of_all(conn: Connection, *, tallies: Collection[TallyOfAll]) -> None:
    """Add to how much all did on days."""
    by: dict[tuple[str, str, date, int], int] = {}
    for community, counter, day, shard, change in tallies:
        key = (community, counter, day, shard)
        by[key] = by.get(key, 0) + change
    keys = sorted(key for key, change in by.items() if change)
    if keys:
        await conn.execute(
            """
            insert into tallies_of_all as t (community, counter, day, shard, events)
            select * from unnest($1::text[], $2::text[], $3::date[], $4::smallint[], $5::bigint[])
            on conflict (community, counter, day, shard) do update set events = t.events + excluded.events
            """,
            *(list(column) for column in zip(*keys, strict=True)),
            [by[key] for key in keys],
        )


async def drop_tallies(
    conn: Connection, *, community: str, head_ids: Collection[str], counters: Collection[str]
) -> None:
    """Delete what these persons did of any other counters."""
    await conn.execute(
        """
        delete from tallies where community = $1 and counter <> all($3::text[]) and (
            member_id = any($2::uuid[]) or member_id in (
                select member_id from merges where community = $1 and head_id = any($2::uuid[])))
        """,
        community,
        list(head_ids),
        list(counters),
    )


async def drop_tallies_of_all(conn: Connection, *, community: str, counters: Collection[str]) -> None:
    """Delete what all did of any other counters."""
    await conn.execute(
        "delete from tallies_of_all where community = $1 and counter <> all($2::text[])",
        community,
        list(counters),
    )


async def load_tallies(
    conn: Connection, *, community: str, member_ids: Collection[str], counters: Collection[str]
) -> dict[str, dict[str, list[Kept]]]:
    """What members did of each counter, by member and counter, earliest first."""
    rows = await conn.fetch(
        """
        select member_id, counter, slot, what, events from tallies
        where community = $1 and member_id = any($2::uuid[]) and counter = any($3::text[])
        order by member_id, counter, slot
        """,
        community,
        list(member_ids),
        list(counters),
    )
    found: dict[str, dict[str, list[Kept]]] = {}
    for member_id, counter, slot, what, events in rows:
        found.setdefault(str(member_id), {}).setdefault(counter, []).append(Kept(slot, what, events))
    return found


async def load_tallies_of_all(
    conn: Connection, *, community: str, counters: Collection[str]
) -> dict[str, list[tuple[date, int]]]:
    """How much all did of each counter, by day."""
    rows = await conn.fetch(
        """
        select counter, day, sum(events)::bigint as events from tallies_of_all
        where community = $1 and counter = any($2::text[]) group by 1, 2 order by 1, 2
        """,
        community,
        list(counters),
    )
    found: dict[str, list[tuple[date, int]]] = {}
    for counter, day, events in rows:
        found.setdefault(counter, []).append((day, events))
    return found


async def load_acted_with(conn: Connection, *, community: str, member_ids: Collection[str]) -> list[str]:
    """The members of whom it is kept that they had to do with any of these."""
    rows = await conn.fetch(
        """
        select distinct member_id from tallies
        where community = $1 and what = any($2::text[]) and what like '@%' order by 1
        """,
        community,
        [f"{PERSON}{member_id}" for member_id in member_ids],
    )
    return [str(row["member_id"]) for row in rows]


async def put_due(conn: Connection, *, due: Mapping[MemberKey, bool], at: datetime) -> None:
    """Have the levels of these members looked at no later than at a moment; whether only for what is past."""
    if not due:
        return
    keys = sorted(due)
    await conn.execute(
        """
        insert into level_due as d (community, member_id, due_at, is_backfill)
        select community, member_id, $3, is_backfill
        from unnest($1::text[], $2::uuid[], $4::boolean[]) as k(community, member_id, is_backfill)
        order by 1, 2
        on conflict (community, member_id) do update
        set due_at = least(d.due_at, excluded.due_at),
            is_backfill = excluded.is_backfill and (d.is_backfill or d.due_at > $3)
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
        at,
        [due[key] for key in keys],
    )


async def hasten_near(conn: Connection, *, community: str, at: datetime) -> None:
    """Have the levels looked at of all for whom it ever mattered what all did."""
    await conn.execute(
        """
        update level_due d set due_at = $2 from (
            select member_id from level_due where community = $1 and was_near and due_at > $2
            order by member_id for update) near
        where d.community = $1 and d.member_id = near.member_id
        """,
        community,
        at,
    )


async def load_due_communities(conn: Connection, *, now: datetime) -> list[str]:
    """Communities with members whose levels are due, at the cost of a look into the index for each."""
    rows = await conn.fetch(
        """
        with recursive found as (
            (select community, due_at from level_due order by community, due_at limit 1)
            union all
            select one.community, one.due_at from found cross join lateral (
                select d.community, d.due_at from level_due d where d.community > found.community
                order by d.community, d.due_at limit 1) one)
        select community from found where due_at <= $1
        """,
        now,
    )
    return [row["community"] for row in rows]


async def lock_due(conn: Connection, *, community: str, now: datetime, limit_count: int) -> list[Due]:
    """Members of a community whose levels are due, who are looked at by nobody else meanwhile."""
    rows = await conn.fetch(
        """
        select member_id, is_backfill from level_due where community = $1 and due_at <= $2
        order by due_at, member_id limit $3 for update skip locked
        """,
        community,
        now,
        limit_count,
    )
    return [Due(str(row["member_id"]), row["is_backfill"]) for row in rows]


async def lock_members(conn: Connection, *, community: str, member_ids: Collection[str]) -> None:
    """Have whoever else changes something of these members' levels wait until this transaction ends."""
    ordered = sorted(member_ids)
    await conn.execute(
        """
        insert into level_due (community, member_id, due_at, is_backfill)
        select $1, member_id, 'infinity', true from unnest($2::uuid[]) as k(member_id) order by 2
        on conflict do nothing
        """,
        community,
        ordered,
    )
    await conn.execute(
        """
        select from level_due where community = $1 and member_id = any($2::uuid[]) order by member_id for update
        """,
        community,
        ordered,
    )


class Next(NamedTuple):
    """When the levels of a member are looked at again: at a moment, or (None) when something changes."""

    member_id: str
    due_at: datetime | None
    was_near: bool


async def put_next(conn: Connection, *, community: str, following: Collection[Next]) -> None:
    """Say when the levels of members, whose rows are locked or who have none, are looked at again."""
    ordered = sorted(following)
    await conn.execute(
        "delete from level_due where community = $1 and member_id = any($2::uuid[])",
        community,
        [one.member_id for one in ordered if one.due_at is None and not one.was_near],
    )
    kept = [one for one in ordered if one.due_at is not None or one.was_near]
    await conn.execute(
        """
        insert into level_due as d (community, member_id, due_at, is_backfill, was_near)
        select $1, member_id, coalesce(due_at, 'infinity'), false, was_near
        from unnest($2::uuid[], $3::timestamptz[], $4::boolean[]) as k(member_id, due_at, was_near)
        on conflict (community, member_id) do update
        set due_at = excluded.due_at, is_backfill = false, was_near = excluded.was_near
        """,
        community,
        [one.member_id for one in kept],
        [one.due_at for one in kept],
        [one.was_near for one in kept],
    )


async def count_due(conn: Connection, *, community: str, now: datetime) -> int:
    """How many members of a community have levels that are due."""
    count: int = await conn.fetchval(
        "select count(*) from level_due where community = $1 and due_at <= $2", community, now
    )
    return count
