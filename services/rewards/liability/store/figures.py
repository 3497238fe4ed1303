"""What lots and their uses add up to, by when they were earned and by when they were used."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.rewards.liability.domain.figures import LotSums, UseSum
from shared.postgres import Connection


class Span(NamedTuple):
    """By which vintages is added up: each begins at one of `starts`, oldest first; the first has what is older.

    What was earned or used from `until` on is left out.
    """

    starts: Sequence[datetime]
    until: datetime


async def load_lot_sums(conn: Connection, span: Span, *, community: str, timeout_seconds: float) -> list[LotSums]:
    """What the lots of each vintage hold; `vintage` counts from 0. Reads every lot of the community once.

    What is written off counts as issued: it was used, and nobody owes it.

    Raises TimeoutError when that takes longer than `timeout_seconds`.
    """
    rows = await conn.fetch(
        """
        select greatest(width_bucket(earned_at, $2::timestamptz[]), 1) - 1 as vintage,
               sum(points + written_off)::bigint as issued, sum(expired)::bigint as expired,
               sum(lacking)::bigint as lacking
        from lots where community = $1 and earned_at < $3 group by 1 order by 1
        """,
        community,
        list(span.starts),
        span.until,
        timeout=timeout_seconds,
    )
    return [LotSums(**row) for row in rows]


async def load_use_sums(conn: Connection, span: Span, *, community: str, timeout_seconds: float) -> list[UseSum]:
    """Points that were used, by the vintage of their lots and the one in whose time they were used.

    Used is what was handed out, and what was set aside for payouts that did not come back: that is owed as money.
    `is_reserved` are points of redemptions that nobody has confirmed or cancelled.
    Raises TimeoutError when that takes longer than `timeout_seconds`.
    """
    rows = await conn.fetch(
        """
        with used as (
            select redemption_id as used_by, coalesce(confirmed_at, changed_at) as used_at,
                   state = 'reserved' as is_reserved
            from redemptions
            where community = $1 and state in ('reserved', 'confirmed', 'partly_refunded', 'refunded')
              and points > 0 and coalesce(confirmed_at, changed_at) < $3
            union all
            select p.payout_id, c.changed_at, false
            from payouts p join payout_changes c
              on c.community = p.community and c.payout_id = p.payout_id and c.state = 'reserved'
            where p.community = $1 and p.state in ('reserved', 'submitted', 'sent', 'settled', 'corrected')
              and c.changed_at < $3)
        select greatest(width_bucket(l.earned_at, $2::timestamptz[]), 1) - 1 as vintage,
               greatest(width_bucket(s.used_at, $2::timestamptz[]), 1) - 1 as used_in, s.is_reserved,
               sum(u.points - coalesce(g.points, 0))::bigint as points
        from used s
        join lot_uses u on u.community = $1 and u.used_by = s.used_by
        cross join lateral (
            select sum(b.points) as points from lot_uses_given_back b
            where b.community = $1 and b.used_by = u.used_by and b.award_id = u.award_id
              and (b.back_id = b.used_by or b.given_at < $3)) g
        join lots l on l.community = $1 and l.award_id = u.award_id and l.earned_at < $3
        group by 1, 2, 3 having sum(u.points - coalesce(g.points, 0)) > 0 order by 1, 2, 3
        """,
        community,
        list(span.starts),
        span.until,
        timeout=timeout_seconds,
    )
    return [UseSum(**row) for row in rows]
