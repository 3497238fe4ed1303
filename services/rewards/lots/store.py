"""Lots and their uses. Whoever changes them has locked the member: see ledger.lock_members."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from asyncpg import Record

from services.rewards.lots.domain.lots import Lot, LotUse
from shared.postgres import Connection


class Owner(NamedTuple):
    """Whose lots: a member of a community."""

    community: str
    member: UUID


class Use(NamedTuple):
    """Who uses lots: a redemption or payout (`used_by`) of a member, for so many points."""

    owner: Owner
    used_by: UUID
    points: int


def _lot(row: Record) -> Lot:
    return Lot(
        row["award_id"],
        row["points"],
        row["remaining"],
        row["earned_at"],
        row["expires_at"],
        row["pending_until"],
    )


def _by_owner(rows: Sequence[Record]) -> dict[Owner, list[Lot]]:
    lots: dict[Owner, list[Lot]] = {}
    for row in rows:
        lots.setdefault(Owner(row["community"], row["member_id"]), []).append(_lot(row))
    return lots


async def add(conn: Connection, lots: Sequence[tuple[Owner, Lot]]) -> None:
    """Add the lots of new awards."""
    columns = ("award_id", "points", "remaining", "earned_at", "expires_at", "pending_until")
    await conn.copy_records_to_table(
        "lots",
        columns=("community", "member_id", *columns),
        records=[
            (
                *owner,
                lot.award_id,
                lot.points,
                lot.remaining,
                lot.earned_at,
                lot.expires_at,
                lot.pending_until,
            )
            for owner, lot in sorted(lots, key=_place_in_index)
        ],
    )


def _place_in_index(lot: tuple[Owner, Lot]) -> int:
    return lot[0].member.int


async def update(conn: Connection, lots: Sequence[tuple[Owner, Lot]]) -> None:
    """Write back what remains of lots and whether they are pending."""
    if lots:
        await conn.execute(
            """
            update lots l set remaining = c.remaining, pending_until = c.pending_until
            from unnest($1::text[], $2::uuid[], $3::bigint[], $4::timestamptz[])
                as c(community, award_id, remaining, pending_until)
            where l.community = c.community and l.award_id = c.award_id
            """,
            [owner.community for owner, _ in lots],
            [lot.award_id for _, lot in lots],
            [lot.remaining for _, lot in lots],
            [lot.pending_until for _, lot in lots],
        )


async def oldest_open(conn: Connection, needs: Sequence[tuple[Owner, int]]) -> dict[Owner, list[Lot]]:
    """The oldest lots of each member, as many as hold the points needed (or all that there are)."""
    rows = await conn.fetch(
        """
        select l.* from unnest($1::text[], $2::uuid[], $3::bigint[]) as n(community, member_id, points)
        cross join lateral (
            select o.*, sum(o.remaining) over (order by o.earned_at, o.award_id) - o.remaining as before
            from lots o
            where o.community = n.community and o.member_id = n.member_id
              and o.remaining > 0 and o.pending_until is null) l
        where l.before < n.points
        """,
        [owner.community for owner, _ in needs],
        [owner.member for owner, _ in needs],
        [points for _, points in needs],
    )
    return _by_owner(rows)


async def of_awards(conn: Connection, awards: Sequence[tuple[str, UUID]]) -> dict[Owner, list[Lot]]:
    """The lots of these (community, award id), as far as there are any."""
    rows = await conn.fetch(
        """
        select l.* from lots l
        join unnest($1::text[], $2::uuid[]) as k(community, award_id) using (community, award_id)
        """,
        [community for community, _ in awards],
        [award for _, award in awards],
    )
    return _by_owner(rows)


async def due(conn: Connection, kind: str, now: datetime, limit: int) -> dict[Owner, list[UUID]]:
    """Members and award ids of lots whose waiting (`maturity`) or whose time (`expiry`) is over at `now`."""
    rows = await conn.fetch(
        "select community, member_id, award_id from lots where pending_until <= $1 order by pending_until limit $2"
        if kind == "maturity"
        else """
        select community, member_id, award_id from lots
        where expires_at <= $1 and remaining > 0 and pending_until is null order by expires_at limit $2
        """,
        now,
        limit,
    )
    lots: dict[Owner, list[UUID]] = {}
    for row in rows:
        lots.setdefault(Owner(row["community"], row["member_id"]), []).append(row["award_id"])
    return lots


async def add_uses(conn: Connection, uses: Sequence[tuple[str, UUID, LotUse]]) -> None:
    """Note (community, redemption or payout, use of a lot)."""
    await conn.execute(
        """
        insert into lot_uses (community, used_by, award_id, points)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[])
        """,
        [community for community, _, _ in uses],
        [used_by for _, used_by, _ in uses],
        [use.award_id for _, _, use in uses],
        [use.points for _, _, use in uses],
    )


async def uses_of(conn: Connection, used_by: Sequence[tuple[str, UUID]]) -> dict[UUID, list[LotUse]]:
    """The lots that each (community, redemption or payout) uses, oldest first."""
    rows = await conn.fetch(
        """
        select u.used_by, u.award_id, u.points
        from unnest($1::text[], $2::uuid[]) as k(community, used_by)
        join lot_uses u using (community, used_by)
        join lots l using (community, award_id)
        order by l.earned_at, l.award_id
        """,
        [community for community, _ in used_by],
        [one for _, one in used_by],
    )
    uses: dict[UUID, list[LotUse]] = {}
    for row in rows:
        uses.setdefault(row["used_by"], []).append(LotUse(row["award_id"], row["points"]))
    return uses


async def page_of_uses(
    conn: Connection, community: str, used_by: UUID, after: Any | None, limit: int
) -> list[Record]:
    """The lots that a redemption or payout uses, in award order, beginning after an award."""
    return list(
        await conn.fetch(
            """
            select award_id, points from lot_uses
            where community = $1 and used_by = $2 and ($3::uuid is null or award_id > $3)
            order by award_id limit $4
            """,
            community,
            used_by,
            after,
            limit,
        )
    )
