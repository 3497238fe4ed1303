"""Redemptions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from shared.postgres import Connection


async def add(conn: Connection, redemption: Sequence[object]) -> None:
    """Add (community, redemption, member, reward, title, points, created at, expires at, by), reserved."""
    await conn.execute(
        """
        insert into redemptions (community, redemption_id, member_id, reward_id, title, points, state,
                                 created_at, expires_at, changed_at, changed_by)
        values ($1, $2, $3, $4, $5, $6, 'reserved', $7, $8, $7, $9)
        """,
        *redemption,
    )


async def get(conn: Connection, community: str, redemption_id: UUID, *, lock: bool = False) -> Record | None:
    """A redemption, locked against other changes when asked for."""
    query = "select * from redemptions where community = $1 and redemption_id = $2"
    return await conn.fetchrow(query + " for update" if lock else query, community, redemption_id)


async def change(
    conn: Connection, community: str, redemption_id: UUID, state: str, now: datetime, by: str
) -> Record | None:
    """Set a redemption's state; return the redemption."""
    return await conn.fetchrow(
        """
        update redemptions set state = $3, changed_at = $4, changed_by = $5
        where community = $1 and redemption_id = $2 returning *
        """,
        community,
        redemption_id,
        state,
        now,
        by,
    )


async def lock_overdue(conn: Connection, now: datetime, limit: int) -> list[Record]:
    """Reservations whose time is over, locked; those that somebody works on are left for later."""
    return list(
        await conn.fetch(
            """
            select * from redemptions where state = 'reserved' and expires_at <= $1
            order by expires_at limit $2 for update skip locked
            """,
            now,
            limit,
        )
    )


async def page_of_redemptions(
    conn: Connection, community: str, member_id: UUID | None, after: UUID | None, limit: int
) -> list[Record]:
    """Redemptions of a community, or of one member, in id order, beginning after one."""
    return list(
        await conn.fetch(
            """
            select * from redemptions
            where community = $1 and ($2::uuid is null or member_id = $2)
              and ($3::uuid is null or redemption_id > $3)
            order by redemption_id limit $4
            """,
            community,
            member_id,
            after,
            limit,
        )
    )
