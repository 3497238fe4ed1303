"""Lots and their uses. Whoever changes them has locked who holds them: see lock_members of the ledger's store.

A lot stays that of the member who earned it. Its points are held by whom that one is merged into, if it is: lots
are read by their holders.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from asyncpg import Record

from services.rewards.ledger.domain.entries import MemberKind, Owner
from services.rewards.lots.domain.lots import AwardKey, Lot, LotUse, Use, UsePlace, Young
from shared.postgres import Connection, copy_new


def _lot(row: Record) -> Lot:
    return Lot(
        award_id=str(row["award_id"]),
        points=row["points"],
        remaining=row["remaining"],
        earned_at=row["earned_at"],
        expires_at=row["expires_at"],
        pending_until=row["pending_until"],
        expired=row["expired"],
        lacking=row["lacking"],
        owed=row["owed"],
        had_grace=row["had_grace"],
        written_off=row["written_off"],
    )


def _use(row: Record) -> LotUse:
    return LotUse(str(row["award_id"]), row["points"], row["owed"])


def _owner(row: Record) -> Owner:
    return Owner(row["community"], str(row["holder_id"]))


#: Lots with who holds them.
_HELD = """
    select l.*, coalesce(g.head_id, l.member_id) as holder_id
    from lots l left join merges g using (community, member_id)
"""
#: Of some holders `o` (community, member_id) those who earned what they hold; nobody for who is merged itself.
_EARNERS = """
    select o.member_id as earner_id
    where not exists (
        select from merges g
        where g.community = o.community and g.member_id = o.member_id and g.head_id is not null)
    union all
    select g.member_id from merges g where g.community = o.community and g.head_id = o.member_id
"""


def _by_owner(rows: Sequence[Record]) -> dict[Owner, list[Lot]]:
    lots: dict[Owner, list[Lot]] = {}
    for row in rows:
        lots.setdefault(_owner(row), []).append(_lot(row))
    return lots


_LOT_COLUMNS = (
    "community",
    "member_id",
    "award_id",
    "points",
    "remaining",
    "earned_at",
    "expires_at",
    "pending_until",
    "expired",
    "lacking",
)


async def add_lots(conn: Connection, lots: Sequence[tuple[Owner, Lot]]) -> set[AwardKey]:
    """Add the lots of new awards; return those that were there already, which are left as they are."""
    if not lots:
        return set()
    records = [
        (
            *owner,
            lot.award_id,
            lot.points,
            lot.remaining,
            lot.earned_at,
            lot.expires_at,
            lot.pending_until,
            lot.expired,
            lot.lacking,
        )
        for owner, lot in sorted(lots, key=_place_in_index)
    ]
    if await copy_new(conn, "lots", columns=_LOT_COLUMNS, records=records):
        return set()
    rows = await conn.fetch(
        """
        insert into lots (community, member_id, award_id, points, remaining, earned_at, expires_at, pending_until,
                          expired, lacking)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::timestamptz[],
                             $7::timestamptz[], $8::timestamptz[], $9::bigint[], $10::bigint[])
        on conflict do nothing
        returning community, award_id
        """,
        *(list(column) for column in zip(*records, strict=True)),
    )
    added = {AwardKey(row["community"], str(row["award_id"])) for row in rows}
    return {key for owner, lot in lots if (key := AwardKey(owner.community, lot.award_id)) not in added}


def _place_in_index(lot: tuple[Owner, Lot]) -> str:
    return lot[0].member_id


async def set_remaining(conn: Connection, lots: Sequence[tuple[Owner, Lot]]) -> None:
    """Write back what lots hold, owe and lack, whether they are pending, and until when they can be used."""
    if lots:
        await conn.execute(
            """
            update lots l set remaining = c.remaining, pending_until = c.pending_until, points = c.points,
                expired = c.expired, lacking = c.lacking, owed = c.owed, expires_at = c.expires_at,
                had_grace = c.had_grace, written_off = c.written_off
            from unnest($1::text[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::bigint[],
                        $7::bigint[], $8::bigint[], $9::timestamptz[], $10::boolean[], $11::bigint[])
                as c(community, award_id, remaining, pending_until, points, expired, lacking, owed, expires_at,
                     had_grace, written_off)
            where l.community = c.community and l.award_id = c.award_id
            """,
            [owner.community for owner, _ in lots],
            [lot.award_id for _, lot in lots],
            [lot.remaining for _, lot in lots],
            [lot.pending_until for _, lot in lots],
            [lot.points for _, lot in lots],
            [lot.expired for _, lot in lots],
            [lot.lacking for _, lot in lots],
            [lot.owed for _, lot in lots],
            [lot.expires_at for _, lot in lots],
            [lot.had_grace for _, lot in lots],
            [lot.written_off for _, lot in lots],
        )


async def load_to_use(
    conn: Connection, needs: Sequence[tuple[Owner, int]], *, earned_until: datetime | None = None
) -> dict[Owner, list[Lot]]:
    """The open lots of each member that are used first, as many as hold the points needed (or all there are).

    Of those that were earned after `earned_until` only what is owed counts.
    """
    rows = await conn.fetch(
        f"""
        select l.*, o.member_id as holder_id
        from unnest($1::text[], $2::uuid[], $3::bigint[]) as o(community, member_id, points)
        cross join lateral (
            select l.*, sum(u.usable) over (
                order by l.expires_at nulls last, l.earned_at, l.award_id) - u.usable as before
            from lots l
            cross join lateral (
                select case when $4::timestamptz is null or l.earned_at <= $4 then l.remaining
                            else l.owed end as usable) u
            where l.community = o.community and l.member_id = any(array({_EARNERS}))
              and l.remaining > 0 and l.pending_until is null and u.usable > 0) l
        where l.before < o.points
        """,  # noqa: S608 -- a constant
        [owner.community for owner, _ in needs],
        [owner.member_id for owner, _ in needs],
        [points for _, points in needs],
        earned_until,
    )
    return _by_owner(rows)


async def load_young(conn: Connection, owners: Iterable[Owner], *, earned_until: datetime) -> dict[Owner, Young]:
    """Points of members, and of whom they are merged with, that were earned later and are not owed."""
    keys = list(owners)
    rows = await conn.fetch(
        f"""
        select o.community, o.member_id, sum(l.remaining - l.owed)::bigint as points, min(l.earned_at) as earliest
        from unnest($1::text[], $2::uuid[]) as o(community, member_id)
        join lots l on l.community = o.community and l.member_id = any(array({_EARNERS}))
        where l.remaining > 0 and l.remaining > l.owed and l.pending_until is null and l.earned_at > $3
        group by 1, 2
        """,  # noqa: S608 -- a constant
        [owner.community for owner in keys],
        [owner.member_id for owner in keys],
        earned_until,
    )
    return {Owner(row["community"], str(row["member_id"])): Young(row["points"], row["earliest"]) for row in rows}


async def load_lots(conn: Connection, awards: Sequence[AwardKey]) -> dict[Owner, list[Lot]]:
    """The lots of these awards, as far as there are any, by who holds them."""
    rows = await conn.fetch(
        f"""
        {_HELD} join unnest($1::text[], $2::uuid[]) as k(community, award_id) using (community, award_id)
        """,
        [award.community for award in awards],
        [award.award_id for award in awards],
    )
    return _by_owner(rows)


async def load_lacking(conn: Connection, owners: Iterable[Owner]) -> dict[Owner, list[Lot]]:
    """The matured lots of these members that lack points."""
    keys = list(owners)
    rows = await conn.fetch(
        f"""
        select l.*, o.member_id as holder_id from unnest($1::text[], $2::uuid[]) as o(community, member_id)
        join lots l on l.community = o.community and l.member_id = any(array({_EARNERS}))
        where l.lacking > 0 and l.pending_until is null
        """,  # noqa: S608 -- a constant
        [owner.community for owner in keys],
        [owner.member_id for owner in keys],
    )
    return _by_owner(rows)


async def load_over(conn: Connection, owners: Sequence[Owner], *, now: datetime) -> dict[Owner, list[Lot]]:
    """The lots of these members that hold points which are not owed, and whose time is over at `now`."""
    rows = await conn.fetch(
        f"""
        select l.*, o.member_id as holder_id from unnest($1::text[], $2::uuid[]) as o(community, member_id)
        join lots l on l.community = o.community and l.member_id = any(array({_EARNERS}))
        where l.expires_at <= $3 and l.remaining > l.owed and l.remaining > 0 and l.pending_until is null
        """,  # noqa: S608 -- a constant
        [owner.community for owner in owners],
        [owner.member_id for owner in owners],
        now,
    )
    return _by_owner(rows)


async def load_held(conn: Connection, earners: Sequence[Owner]) -> dict[Owner, dict[MemberKind, int]]:
    """What the lots that each of these members earned stand for: available, pending and expired points."""
    rows = await conn.fetch(
        """
        select e.community, e.member_id, l.* from unnest($1::text[], $2::uuid[]) as e(community, member_id)
        cross join lateral (
            select coalesce(sum(remaining - lacking) filter (where pending_until is null), 0)::bigint as available,
                coalesce(sum(remaining - lacking) filter (where pending_until is not null), 0)::bigint as pending,
                coalesce(sum(expired), 0)::bigint as expired
            from lots l where l.community = e.community and l.member_id = e.member_id) l
        """,
        [owner.community for owner in earners],
        [owner.member_id for owner in earners],
    )
    kinds: tuple[MemberKind, ...] = ("available", "pending", "expired")
    return {Owner(row["community"], str(row["member_id"])): {kind: row[kind] for kind in kinds} for row in rows}


async def load_arrivals(conn: Connection, *, transfer_ids: Sequence[str]) -> dict[str, datetime]:
    """When these transfers were booked, by id, as far as they were, or what amends them last was."""
    rows = await conn.fetch(
        """
        select transfer_id, max(recorded_at) as recorded_at from (
            select transfer_id, recorded_at from transfers where transfer_id = any($1::uuid[])
            union all
            select amends, recorded_at from transfers where amends = any($1::uuid[])) both_kinds
        group by 1
        """,
        transfer_ids,
    )
    return {str(row["transfer_id"]): row["recorded_at"] for row in rows}


async def add_uses(conn: Connection, uses: Sequence[tuple[Use, LotUse]], *, even_again: bool = False) -> None:
    """Note which lots redemptions and payouts use; `even_again`: one that is noted already stays."""
    await conn.execute(
        f"""
        insert into lot_uses (community, used_by, award_id, points, owed)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[])
        {"on conflict do nothing" if even_again else ""}
        """,  # noqa: S608 -- one of two constants
        [use.owner.community for use, _ in uses],
        [use.used_by for use, _ in uses],
        [lot.award_id for _, lot in uses],
        [lot.points for _, lot in uses],
        [lot.owed for _, lot in uses],
    )


async def add_given_back(
    conn: Connection, uses: Sequence[tuple[Use, LotUse]], *, at: datetime, even_again: bool = False
) -> None:
    """Note what of used points goes back to its lots; `even_again`: what is noted already stays."""
    await conn.execute(
        f"""
        insert into lot_uses_given_back (community, used_by, award_id, points, owed, back_id, given_at)
        select *, $7 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::uuid[])
        {"on conflict do nothing" if even_again else ""}
        """,  # noqa: S608 -- one of two constants
        [use.owner.community for use, _ in uses],
        [use.used_by for use, _ in uses],
        [lot.award_id for _, lot in uses],
        [lot.points for _, lot in uses],
        [lot.owed for _, lot in uses],
        [use.back_id for use, _ in uses],
        at,
    )


async def count_parts_back(conn: Connection, use: Use, *, per_part: int) -> int:
    """Of how many parts, of at most so many lots, the lists are of what went back before to the lots of a use."""
    count: int = await conn.fetchval(
        """
        select coalesce(sum(ceil(number / $4::numeric)), 0)::int from (
            select count(*) as number from lot_uses_given_back
            where community = $1 and used_by = $2 and back_id <> $3 group by back_id) lists
        """,
        use.owner.community,
        use.used_by,
        use.back_id,
        per_part,
    )
    return count


async def load_given_back(conn: Connection, uses: Sequence[Use]) -> dict[str, list[LotUse]]:
    """What of the points of redemptions went back to their lots by what each names, by who used them."""
    rows = await conn.fetch(
        """
        select g.used_by, g.award_id, g.points, g.owed
        from unnest($1::text[], $2::uuid[], $3::uuid[]) as k(community, used_by, back_id)
        join lot_uses_given_back g using (community, used_by, back_id)
        order by g.award_id
        """,
        [use.owner.community for use in uses],
        [use.used_by for use in uses],
        [use.back_id for use in uses],
    )
    lots: dict[str, list[LotUse]] = {}
    for row in rows:
        lots.setdefault(str(row["used_by"]), []).append(_use(row))
    return lots


async def load_uses(conn: Connection, uses: Sequence[Use]) -> dict[str, list[LotUse]]:
    """The lots that redemptions and payouts use, less what went back, in the order of use, by who uses them."""
    rows = await conn.fetch(
        """
        select u.used_by, u.award_id, u.points - g.points as points, u.owed - g.owed as owed
        from unnest($1::text[], $2::uuid[]) as k(community, used_by)
        join lot_uses u using (community, used_by)
        cross join lateral (
            select coalesce(sum(b.points), 0)::bigint as points, coalesce(sum(b.owed), 0)::bigint as owed
            from lot_uses_given_back b
            where b.community = u.community and b.used_by = u.used_by and b.award_id = u.award_id) g
        join lots l using (community, award_id)
        where u.points > g.points
        order by l.expires_at nulls last, l.earned_at, l.award_id
        """,
        [use.owner.community for use in uses],
        [use.used_by for use in uses],
    )
    lots: dict[str, list[LotUse]] = {}
    for row in rows:
        lots.setdefault(str(row["used_by"]), []).append(_use(row))
    return lots


async def load_told_uses(conn: Connection, uses: Sequence[Use]) -> dict[str, list[LotUse]]:
    """The lots that redemptions and payouts use by what was told, in award order, known or not."""
    rows = await conn.fetch(
        """
        select used_by, award_id, points, owed
        from unnest($1::text[], $2::uuid[]) as k(community, used_by) join lot_uses u using (community, used_by)
        order by award_id
        """,
        [use.owner.community for use in uses],
        [use.used_by for use in uses],
    )
    lots: dict[str, list[LotUse]] = {}
    for row in rows:
        lots.setdefault(str(row["used_by"]), []).append(_use(row))
    return lots


async def page_of_uses(
    conn: Connection, *, community: str, used_by: str, after: UsePlace | None, limit: int
) -> list[LotUse]:
    """The lots that a redemption or payout uses, less what went back, in award order, beginning after an award."""
    rows = await conn.fetch(
        """
        select award_id, u.points - g.points as points, u.owed - g.owed as owed
        from lot_uses u cross join lateral (
            select coalesce(sum(b.points), 0)::bigint as points, coalesce(sum(b.owed), 0)::bigint as owed
            from lot_uses_given_back b
            where b.community = u.community and b.used_by = u.used_by and b.award_id = u.award_id) g
        where community = $1 and used_by = $2 and ($3::uuid is null or award_id > $3)
          and u.points > g.points
        order by award_id limit $4
        """,
        community,
        used_by,
        *(after or (None,)),
        limit,
    )
    return [_use(row) for row in rows]
