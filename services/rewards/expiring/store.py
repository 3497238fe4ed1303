"""Lots that expire soon, by who holds them and when."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.rewards.expiring.domain import Expiring, ExpiringPlace
from services.rewards.ledger.domain.entries import Owner
from shared.postgres import Connection

#: Of a member `k` (community, member_id) those who earned what it holds.
_EARNERS = """array(
    select k.member_id union all
    select g.member_id from merges g where g.community = k.community and g.head_id = k.member_id)"""
#: What lots of a member `k` lack that are not pending: points that it owes.
_LACKING = f"""
    select coalesce(sum(l.lacking), 0) as lacking from lots l
    where l.community = k.community and l.lacking > 0 and l.pending_until is null
      and l.member_id = any({_EARNERS})"""  # noqa: S608 -- a constant


async def load_warning_days(conn: Connection) -> dict[str, timedelta]:
    """How long before points expire members are written to, by community; of those that say so in force now."""
    rows = await conn.fetch(
        """
        select community, days from (
            select distinct on (community) community, (rewards -> 'expiry' ->> 'warn_days')::int as days
            from programmes where effective_from <= now() order by community, version desc) newest
        where days is not null order by community
        """
    )
    return {row["community"]: timedelta(days=row["days"]) for row in rows}


async def take_unwarned(
    conn: Connection, *, community: str, now: datetime, until: datetime, limit: int
) -> list[tuple[Owner, datetime]]:
    """Mark lots that expire until a moment and were not marked yet; return whose they are, and when they expire.

    What somebody holds just now is left for the next time: nobody is waited for.
    """
    rows = await conn.fetch(
        """
        with taken as (
            select community, award_id from lots
            where community = $1 and expires_at > $2 and expires_at <= $3 and remaining > 0 and not is_warned
            order by expires_at limit $4 for update skip locked),
        marked as (
            update lots l set is_warned = true from taken t
            where l.community = t.community and l.award_id = t.award_id
            returning l.community, l.member_id, l.expires_at)
        select distinct m.community, coalesce(g.head_id, m.member_id) as holder_id, m.expires_at
        from marked m left join merges g using (community, member_id)
        order by 3, 2
        """,
        community,
        now,
        until,
        limit,
    )
    return [(Owner(row["community"], str(row["holder_id"])), row["expires_at"]) for row in rows]


async def load_expiring(conn: Connection, keys: Sequence[tuple[Owner, datetime]]) -> list[Expiring]:
    """How many points of members, and of those merged into them, expire at each of these moments.

    What a member owes is paid by what expires first, as it is when that is booked away.
    """
    rows = await conn.fetch(
        f"""
        select k.community, k.member_id, k.expires_at,
               (greatest(0, s.before + s.then - o.lacking) - greatest(0, s.before - o.lacking))::bigint as points
        from unnest($1::text[], $2::uuid[], $3::timestamptz[]) as k(community, member_id, expires_at)
        cross join lateral (
            select coalesce(sum(l.remaining - l.owed) filter (where l.expires_at < k.expires_at), 0) as before,
                   coalesce(sum(l.remaining - l.owed) filter (where l.expires_at = k.expires_at), 0) as then
            from lots l
            where l.community = k.community and l.expires_at <= k.expires_at and l.remaining > l.owed
              and l.member_id = any({_EARNERS})) s
        cross join lateral ({_LACKING}) o
        """,  # noqa: S608 -- constants
        [owner.community for owner, _ in keys],
        [owner.member_id for owner, _ in keys],
        [expires_at for _, expires_at in keys],
    )
    found = [
        Expiring(Owner(row["community"], str(row["member_id"])), row["expires_at"], row["points"]) for row in rows
    ]
    return [one for one in found if one.points > 0]


async def page_of_expiring(
    conn: Connection, owner: Owner, *, now: datetime, after: ExpiringPlace | None, limit: int
) -> list[Expiring]:
    """Points of a member, and of those merged into it, that expire, soonest first, beginning after a place.

    As `load_expiring` counts them: together they are never more than the member has.
    """
    rows = await conn.fetch(
        f"""
        select d.expires_at,
               (greatest(0, d.until - o.lacking) - greatest(0, d.until - d.points - o.lacking))::bigint as points
        from (values ($1::text, $2::uuid)) as k(community, member_id)
        cross join lateral ({_LACKING}) o
        cross join lateral (
            select l.expires_at, sum(l.remaining - l.owed) as points,
                   sum(sum(l.remaining - l.owed)) over (order by l.expires_at) as until
            from lots l
            where l.community = k.community and l.expires_at is not null and l.remaining > l.owed
              and l.member_id = any({_EARNERS})
            group by 1) d
        where d.expires_at > greatest($3::timestamptz, $4::timestamptz) and d.until > o.lacking
        order by 1 limit $5
        """,  # noqa: S608 -- constants
        *owner,
        now,
        *(after or (None,)),
        limit,
    )
    return [Expiring(owner, row["expires_at"], row["points"]) for row in rows]
