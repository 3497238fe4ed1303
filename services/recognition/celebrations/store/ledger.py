"""The SQL of what was celebrated."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.recognition.celebrations.domain import Celebration
from shared.postgres import Connection


async def load_elsewhere(conn: Connection, *, celebrations: Collection[Celebration]) -> set[str]:
    """The ids of those of which the like was celebrated of somebody who is the same person."""
    rows = await conn.fetch(
        """
        select distinct k.celebration_id
        from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[])
            as k(community, celebration_id, member_id, kind, name, tier, number)
        left join lateral (
            select h.head_id from merges h where h.community = k.community and h.member_id = k.member_id
            offset 0) h on true
        cross join lateral (
            select h.head_id as member_id where h.head_id is not null
            union all
            select b.member_id from merges b
            where b.community = k.community and b.head_id = coalesce(h.head_id, k.member_id)) person
        cross join lateral (
            select c.celebration_id, c.together from celebrations c
            where c.community = k.community and c.member_id = person.member_id
                and c.kind = k.kind and c.name = k.name and c.tier = k.tier and c.number = k.number
            offset 0) c
        where not c.together and c.celebration_id <> k.celebration_id
        """,
        *_keys([one for one in celebrations if not one.together]),
    )
    return {str(row["celebration_id"]) for row in rows}


def _keys(celebrations: Sequence[Celebration]) -> tuple[list[Any], ...]:
    return (
        [one.community for one in celebrations],
        [one.id for one in celebrations],
        [one.member_id for one in celebrations],
        [one.kind for one in celebrations],
        [one.name for one in celebrations],
        [one.tier or "" for one in celebrations],
        [one.number or 0 for one in celebrations],
    )


async def add_celebrations(
    conn: Connection, *, celebrations: Iterable[Celebration], at: Mapping[str, datetime] | datetime
) -> set[str]:
    """Keep what is celebrated; return the ids of those that never were. What was stands again, as it was.

    `at` is when each was celebrated, by its id, or all of them were.
    """
    ordered = sorted(celebrations, key=lambda one: (one.community, one.id))
    rows = await conn.fetch(
        """
        insert into celebrations as c (community, celebration_id, member_id, kind, name, tier, number, together,
            title, event_time, day, event_uid, award_id, grant_id, programme_version, celebrated_at)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[],
            $8::boolean[], $9::text[], $10::timestamptz[], $11::date[], $12::uuid[], $13::uuid[], $14::uuid[],
            $15::int[], $16::timestamptz[])
        on conflict (community, celebration_id) do update set stands = true, grant_id = excluded.grant_id
        where not c.stands
        returning celebration_id, xmax = 0 as is_new
        """,
        *_keys(ordered),
        [one.together for one in ordered],
        [one.title for one in ordered],
        [one.event_time for one in ordered],
        [one.day for one in ordered],
        [one.event_uid for one in ordered],
        [one.award_id for one in ordered],
        [one.grant_id for one in ordered],
        [one.version for one in ordered],
        [at if isinstance(at, datetime) else at[one.id] for one in ordered],
    )
    return {str(row["celebration_id"]) for row in rows if row["is_new"]}


async def set_standing(conn: Connection, *, celebrations: Collection[Celebration]) -> None:
    """Have those of these that were celebrated, and stand no more, stand by their new grants."""
    ordered = sorted(celebrations, key=lambda one: (one.community, one.id))
    await conn.execute(
        """
        update celebrations c set stands = true, grant_id = k.grant_id
        from unnest($1::text[], $2::uuid[], $3::uuid[]) as k(community, celebration_id, grant_id)
        where c.community = k.community and c.celebration_id = k.celebration_id and not c.stands
        """,
        [one.community for one in ordered],
        [one.id for one in ordered],
        [one.grant_id for one in ordered],
    )


async def set_lost(conn: Connection, *, community: str, grant_ids: Collection[str]) -> None:
    """Have what these grants gave stand no more: it was taken back."""
    await conn.execute(
        """
        update celebrations set stands = false
        where community = $1 and grant_id = any($2::uuid[]) and stands
        """,
        community,
        sorted(grant_ids),
    )


async def set_twins(conn: Connection, *, community: str, groups: Mapping[str, Sequence[str]]) -> None:
    """Of what members of each group have twice let the oldest stand for all, and of what one has alone that."""
    pairs = [(member_id, head_id) for head_id, group in sorted(groups.items()) for member_id in group]
    await conn.execute(
        """
        update celebrations c set is_twin = ranked.is_twin
        from (
            select o.celebration_id, row_number() over (
                partition by g.head_id, o.kind, o.name, o.tier, o.number
                order by o.stands desc, o.event_time, o.celebration_id) > 1 as is_twin
            from celebrations o join unnest($2::uuid[], $3::uuid[]) as g(member_id, head_id) using (member_id)
            where o.community = $1 and not o.together) ranked
        where c.community = $1 and c.celebration_id = ranked.celebration_id and c.is_twin <> ranked.is_twin
        """,
        community,
        [member_id for member_id, _ in pairs],
        [head_id for _, head_id in pairs],
    )


async def load_numbers(
    conn: Connection, *, community: str, names: Collection[str], member_ids: Collection[str]
) -> dict[tuple[str, str], int]:
    """The highest number of each of these milestones that was celebrated of each member."""
    rows = await conn.fetch(
        """
        select member_id, name, max(number) as number from celebrations
        where community = $1 and member_id = any($2::uuid[]) and kind = 'milestone' and name = any($3::text[])
            and not together
        group by member_id, name
        """,
        community,
        list(member_ids),
        sorted(names),
    )
    return {(str(row["member_id"]), row["name"]): row["number"] for row in rows}


async def forget(conn: Connection, *, community: str, member_ids: Collection[str]) -> None:
    """Delete what these members reached and how they reacted; of what all reached nobody says whose act it was."""
    ids = list(member_ids)
    await conn.execute(
        """
        delete from celebration_reactions r where community = $1 and (member_id = any($2::uuid[])
            or celebration_id in (
                select celebration_id from celebrations
                where community = $1 and member_id = any($2::uuid[]) and not together))
        """,
        community,
        ids,
    )
    await conn.execute(
        "delete from celebrations where community = $1 and member_id = any($2::uuid[]) and not together",
        community,
        ids,
    )
    await conn.execute(
        """
        update celebrations set member_id = null, event_uid = null
        where community = $1 and member_id = any($2::uuid[])
        """,
        community,
        ids,
    )
    await conn.execute(
        "delete from anniversaries where community = $1 and member_id = any($2::uuid[])", community, ids
    )


async def load_erased(conn: Connection, *, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these members were forgotten."""
    rows = await conn.fetch(
        """
        select community, member_id from followed_members f
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        where f.is_erased
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
    )
    return {(row["community"], str(row["member_id"])) for row in rows}
