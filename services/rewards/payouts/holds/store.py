"""Holds: rows that are only added to, but for their end."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from services.rewards.payouts.domain import Payout
from services.rewards.payouts.holds.domain import Hold, HoldCause, HoldFilter, HoldPlace, HoldState
from services.rewards.payouts.store import actor_of
from shared.postgres import Connection


def _hold(row: Record) -> Hold:
    return Hold(
        community=row["community"],
        hold_id=str(row["hold_id"]),
        payout_id=str(row["payout_id"]),
        member_id=str(row["member_id"]),
        cause=HoldCause(row["cause"]),
        note=row["note"],
        placed_at=row["placed_at"],
        placed_by=actor_of(row["placed_by_person"], row["placed_by"]),
        released_at=row["released_at"],
        released_by=actor_of(row["released_by_person"], row["released_by"]) if row["released_by"] else None,
    )


async def add_hold(conn: Connection, hold: Hold) -> bool:
    """Add a hold; False when it, or another that stands of its member, is there already."""
    done: str = await conn.execute(
        """
        insert into payout_holds (community, hold_id, payout_id, member_id, cause, note, placed_at,
                                  placed_by_person, placed_by, released_at, released_by_person, released_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing
        """,
        hold.community,
        hold.hold_id,
        hold.payout_id,
        hold.member_id,
        hold.cause,
        hold.note,
        hold.placed_at,
        *hold.placed_by,
        hold.released_at,
        *(hold.released_by or (None, None)),
    )
    return done == "INSERT 0 1"


async def set_released(conn: Connection, hold: Hold) -> None:
    """Set that a hold stands no more, since when and by whom; one that ended stays as it ended."""
    await conn.execute(
        """
        update payout_holds set released_at = $3, released_by_person = $4, released_by = $5
        where community = $1 and hold_id = $2 and released_at is null
        """,
        hold.community,
        hold.hold_id,
        hold.released_at,
        *(hold.released_by or (None, None)),
    )


async def find_hold(conn: Connection, *, community: str, hold_id: str) -> Hold | None:
    """A hold."""
    row = await conn.fetchrow(
        "select * from payout_holds where community = $1 and hold_id = $2", community, hold_id
    )
    return _hold(row) if row else None


async def load_standing(conn: Connection, *, community: str, member_ids: Sequence[str]) -> dict[str, Hold]:
    """The oldest hold that stands of each of these members, or of who is one person with them, by member."""
    rows = await conn.fetch(
        """
        with asked as (
            select m.member_id as asked_id, coalesce(g.head_id, m.member_id) as head_id
            from unnest($2::uuid[]) as m(member_id)
            left join merges g on g.community = $1 and g.member_id = m.member_id),
        persons as (
            select asked_id, head_id as member_id from asked
            union
            select a.asked_id, g.member_id from asked a
            join merges g on g.community = $1 and g.head_id = a.head_id)
        select distinct on (p.asked_id) p.asked_id, h.*
        from persons p join payout_holds h
            on h.community = $1 and h.member_id = p.member_id and h.released_at is null
        order by p.asked_id, h.placed_at, h.hold_id
        """,
        community,
        list(member_ids),
    )
    return {str(row["asked_id"]): _hold(row) for row in rows}


async def load_held_members(conn: Connection, *, community: str) -> list[str]:
    """The members with a standing hold, and who is one person with them. Holds are limited, and merges are few."""
    rows = await conn.fetch(
        """
        with heads as (
            select distinct coalesce(g.head_id, h.member_id) as head_id
            from payout_holds h left join merges g using (community, member_id)
            where h.community = $1 and h.released_at is null)
        select head_id as member_id from heads
        union select g.member_id from heads join merges g on g.community = $1 and g.head_id = heads.head_id
        """,
        community,
    )
    return [str(row["member_id"]) for row in rows]


async def load_person(conn: Connection, *, community: str, member_id: str) -> list[str]:
    """A member, and all who are one person with them."""
    rows = await conn.fetch(
        """
        with head as (
            select coalesce(
                (select head_id from merges where community = $1 and member_id = $2), $2::uuid) as head_id)
        select head_id as member_id from head
        union select g.member_id from head join merges g on g.community = $1 and g.head_id = head.head_id
        order by 1
        """,
        community,
        member_id,
    )
    return [str(row["member_id"]) for row in rows]


async def set_reason(conn: Connection, payout: Payout, *, reason: str) -> None:
    """Set why a payout that is held is so; its state stays."""
    await conn.execute(
        "update payouts set reason = $3 where community = $1 and payout_id = $2 and state = 'held'",
        payout.community,
        payout.payout_id,
        reason,
    )


async def count_standing_of(conn: Connection, *, community: str) -> int:
    """How many holds of a community stand."""
    count: int = await conn.fetchval(
        "select count(*) from payout_holds where community = $1 and released_at is null", community
    )
    return count


async def count_standing(conn: Connection) -> tuple[int, datetime | None]:
    """How many holds of all communities stand, and since when the oldest of them does."""
    row = await conn.fetchrow("select count(*), min(placed_at) from payout_holds where released_at is null")
    return (row[0], row[1]) if row else (0, None)


async def page_of_holds(
    conn: Connection, wanted: HoldFilter, *, community: str, after: HoldPlace | None, limit: int
) -> list[Hold]:
    """Holds, newest first, of a state or member where given, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from payout_holds
        where community = $1 and ($2::boolean is null or (released_at is null) = $2)
          and ($3::uuid is null or member_id = any(array(
            select $3::uuid union all
            select member_id from merges where community = $1 and head_id = $3)))
          and ($4::timestamptz is null or (placed_at, hold_id) < ($4, $5::uuid))
        order by placed_at desc, hold_id desc limit $6
        """,
        community,
        None if wanted.state is None else wanted.state is HoldState.STANDING,
        wanted.member_id,
        *(after or (None, None)),
        limit,
    )
    return [_hold(row) for row in rows]


async def forget_notes(conn: Connection, *, community: str, member_ids: Sequence[str]) -> None:
    """Delete what was written about members who were erased; that their money was held stays."""
    await conn.execute(
        """
        update payout_holds set note = null
        where community = $1 and member_id = any($2::uuid[]) and note is not null
        """,
        community,
        list(member_ids),
    )
