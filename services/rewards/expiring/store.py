"""Lots that expire soon, by who holds them and when."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.rewards.expiring.domain import Expiring, ExpiringPlace
from services.rewards.ledger.domain.entries import Owner
from shared.postgres import Connection


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
    """How many points of members, and of those merged into them, expire at each of these moments."""
    rows = await conn.fetch(
        """
        select k.community, k.member_id, k.expires_at, least(
            (select sum(l.remaining - l.owed) from lots l
             where l.community = k.community and l.expires_at = k.expires_at and l.member_id = any(array(
                 select k.member_id union all
                 select g.member_id from merges g where g.community = k.community and g.head_id = k.member_id))),
            (select sum(l.remaining - l.lacking) from lots l
             where l.community = k.community and l.member_id = any(array(
                 select k.member_id union all
                 select g.member_id from merges g where g.community = k.community and g.head_id = k.member_id)))
        )::bigint as points
        from unnest($1::text[], $2::uuid[], $3::timestamptz[]) as k(community, member_id, expires_at)
        """,
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
    """Points of a member, and of those merged into it, that expire, soonest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select expires_at, sum(remaining - owed)::bigint as points from lots
        where community = $1 and expires_at > greatest($3::timestamptz, $4::timestamptz) and remaining > owed
          and member_id = any(array(
              select $2::uuid union all
              select member_id from merges where community = $1 and head_id = $2))
        group by 1 order by 1 limit $5
        """,
        *owner,
        now,
        *(after or (None,)),
        limit,
    )
    return [Expiring(owner, row["expires_at"], row["points"]) for row in rows]
