"""The SQL of what milestones go by: numbers of a whole community, and since when members count years."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

import orjson

from services.recognition.celebrations.domain import MemberKey
from shared.postgres import Connection

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


async def add_joint(conn: Connection, *, changes: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Add to what all members of a community have, by community and counter and in that order; return that then.

    The rows are locked until the transaction ends, and every worker shares them: this comes last.
    """
    keys = sorted(changes)
    rows = await conn.fetch(
        """
        insert into joint_counts as j (community, counter, events)
        select * from unnest($1::text[], $2::text[], $3::bigint[])
        on conflict (community, counter) do update set events = j.events + excluded.events
        returning community, counter, events
        """,
        [community for community, _ in keys],
        [counter for _, counter in keys],
        [changes[key] for key in keys],
    )
    return {(row["community"], row["counter"]): row["events"] for row in rows}


async def load_joint(conn: Connection, *, community: str) -> dict[str, int]:
    """How many events all members have together, by counter."""
    rows = await conn.fetch("select counter, events from joint_counts where community = $1", community)
    return {row["counter"]: row["events"] for row in rows}


async def keep_joint(conn: Connection, *, community: str, counters: Collection[str]) -> None:
    """Forget the numbers of all other counters."""
    await conn.execute(
        "delete from joint_counts where community = $1 and counter <> all($2::text[])", community, list(counters)
    )


async def lock_firsts(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, dict[str, datetime]]:
    """Since when members were seen to have years to celebrate, by counter; nobody looks at them meanwhile."""
    ordered = sorted(keys)
    rows = await conn.fetch(
        """
        select a.community, a.member_id, a.firsts from anniversaries a
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        order by 1, 2 for share of a
        """,
        [community for community, _ in ordered],
        [member_id for _, member_id in ordered],
    )
    return {
        (row["community"], str(row["member_id"])): {
            counter: datetime.fromisoformat(first) for counter, first in orjson.loads(row["firsts"]).items()
        }
        for row in rows
    }


async def put_looked_for(conn: Connection, *, keys: Iterable[MemberKey]) -> None:
    """Have these members looked at: since when they have years to celebrate may be another time than was known."""
    ordered = sorted(keys)
    await conn.execute(
        """
        insert into anniversaries (community, member_id, due_at)
        select community, member_id, $3 from unnest($1::text[], $2::uuid[]) as k(community, member_id)
        order by 1, 2
        on conflict (community, member_id) do update set due_at = excluded.due_at
        """,
        [community for community, _ in ordered],
        [member_id for _, member_id in ordered],
        AT_ONCE,
    )


async def put_moved(conn: Connection, *, keys: Iterable[MemberKey]) -> None:
    """Have those of these members looked at again who have years to celebrate: they live elsewhere."""
    ordered = sorted(keys)
    await conn.execute(
        """
        update anniversaries a set due_at = $3
        from unnest($1::text[], $2::uuid[]) as k(community, member_id)
        where a.community = k.community and a.member_id = k.member_id
        """,
        [community for community, _ in ordered],
        [member_id for _, member_id in ordered],
        AT_ONCE,
    )


async def drop_years(conn: Connection, *, community: str, member_ids: Collection[str]) -> None:
    """Forget that these members have years to celebrate: they have them as whoever they are merged into."""
    await conn.execute(
        "delete from anniversaries where community = $1 and member_id = any($2::uuid[])",
        community,
        list(member_ids),
    )


async def load_due_communities(conn: Connection, *, now: datetime) -> list[str]:
    """Communities with members whose time to be looked at has come."""
    rows = await conn.fetch(
        """
        with recursive found as (
            (select community from anniversaries order by community limit 1)
            union all
            select (select a.community from anniversaries a where a.community > found.community
                    order by a.community limit 1)
            from found where found.community is not null)
        select community from found
        where exists (select from anniversaries a where a.community = found.community and a.due_at <= $1)
        order by 1
        """,
        now,
    )
    return [row["community"] for row in rows]


async def load_due(conn: Connection, *, community: str, now: datetime, limit_count: int) -> list[str]:
    """Members of a community whose time to be looked at has come, the longest due first."""
    rows = await conn.fetch(
        "select member_id from anniversaries where community = $1 and due_at <= $2 order by due_at limit $3",
        community,
        now,
        limit_count,
    )
    return [str(row["member_id"]) for row in rows]


async def take_due(conn: Connection, *, community: str, now: datetime, member_ids: Collection[str]) -> list[str]:
    """Those of these members who are due still and whom nobody has locked; they stay locked."""
    rows = await conn.fetch(
        """
        select member_id from anniversaries
        where community = $1 and member_id = any($2::uuid[]) and due_at <= $3 order by 1 for update skip locked
        """,
        community,
        list(member_ids),
        now,
    )
    return [str(row["member_id"]) for row in rows]


async def set_looked_at(
    conn: Connection, *, community: str, looked: Mapping[str, tuple[Mapping[str, datetime], datetime]]
) -> None:
    """Keep since when members have years to celebrate, by counter, and when to look again."""
    await conn.execute(
        """
        update anniversaries a set firsts = k.firsts, due_at = k.due_at
        from unnest($2::uuid[], $3::jsonb[], $4::timestamptz[]) as k(member_id, firsts, due_at)
        where a.community = $1 and a.member_id = k.member_id
        """,
        community,
        list(looked),
        [orjson.dumps(firsts).decode() for firsts, _ in looked.values()],
        [due_at for _, due_at in looked.values()],
    )
