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

    What is written off counts as issued: it was used, and nobody owes it. Expired is what was over at `until`,
    though it may have been booked away, or arrived, after it.

    Raises TimeoutError when that takes longer than `timeout_seconds`.
    """
    rows = await conn.fetch(
        """
        with held as (
            select greatest(width_bucket(earned_at, $2::timestamptz[]), 1) - 1 as vintage,
                   sum(points + written_off)::bigint as issued, sum(expired)::bigint as expired,
                   sum(lacking)::bigint as lacking
            from lots where community = $1 and earned_at < $3 group by 1),
        -- Of few lots, as a rule: what ended after the moment, or came back after it and was over as it did.
        ended_since as (
            select l.earned_at, least(l.expired, sum(e.amount)) as points
            from entries e
            join accounts a on a.community = e.community and a.account_id = e.account_id and a.kind = 'expired'
            join transfers t on t.community = e.community and t.transfer_id = e.transfer_id
                and t.kind = 'expiry' and t.event_time > $3
            join lots l on l.community = e.community and l.award_id = t.cause_id and l.earned_at < $3
            where e.community = $1 and e.recorded_at >= $3
              and (l.expires_at > $3 or t.event_time = t.recorded_at)
            group by l.award_id, l.earned_at, l.expired),
        of_vintage as (
            select greatest(width_bucket(earned_at, $2::timestamptz[]), 1) - 1 as vintage,
                   sum(points)::bigint as points
            from ended_since group by 1)
        select h.vintage, h.issued, h.expired - coalesce(v.points, 0) as expired, h.lacking
        from held h left join of_vintage v using (vintage) order by 1
        """,
        community,
        list(span.starts),
        span.until,
        timeout=timeout_seconds,
    )
    return [LotSums(**row) for row in rows]


async def load_use_sums(conn: Connection, span: Span, *, community: str, timeout_seconds: float) -> list[UseSum]:
    """Points that were used by `until`, by the vintage of their lots and the one in whose time they were used.

    Used is what was handed out, and what was set aside for payouts that had not come back: that is owed as money.
    `is_reserved` are points of redemptions that nobody had confirmed or cancelled. What became of either since
    then changes nothing.
    Raises TimeoutError when that takes longer than `timeout_seconds`.
    """
    rows = await conn.fetch(
        """
        with known as (
            -- When a reservation ended; null while it waits, and for who asks about a moment before it did.
            select redemption_id as used_by, state, created_at,
                   case when state <> 'reserved' and coalesce(confirmed_at, changed_at) < $3
                        then coalesce(confirmed_at, changed_at) end as ended_at
            from redemptions where community = $1 and points > 0 and created_at < $3),
        used as (
            select used_by, coalesce(ended_at, created_at) as used_at, ended_at is null as is_reserved
            from known where ended_at is null or state in ('confirmed', 'partly_refunded', 'refunded')
            union all
            select c.payout_id, c.changed_at, false
            from payout_changes c
            where c.community = $1 and c.state = 'reserved' and c.changed_at < $3
              -- It had come back, and nobody had said by then that this was wrong.
              and not exists (
                  select from payout_changes b
                  where b.community = c.community and b.payout_id = c.payout_id and b.changed_at < $3
                    and b.state in ('returned', 'failed', 'reversed')
                    and not exists (
                        select from payout_changes r
                        where r.community = c.community and r.payout_id = c.payout_id and r.changed_at < $3
                          and r.state = 'corrected')))
        select greatest(width_bucket(l.earned_at, $2::timestamptz[]), 1) - 1 as vintage,
               greatest(width_bucket(s.used_at, $2::timestamptz[]), 1) - 1 as used_in, s.is_reserved,
               sum(u.points - coalesce(g.points, 0))::bigint as points
        from used s
        join lot_uses u on u.community = $1 and u.used_by = s.used_by
        cross join lateral (
            -- The rest of what was spent in part went back as it was spent.
            select sum(b.points) as points from lot_uses_given_back b
            where b.community = $1 and b.used_by = u.used_by and b.award_id = u.award_id
              and (b.back_id = b.used_by and not s.is_reserved or b.given_at < $3)) g
        join lots l on l.community = $1 and l.award_id = u.award_id and l.earned_at < $3
        group by 1, 2, 3 having sum(u.points - coalesce(g.points, 0)) > 0 order by 1, 2, 3
        """,
        community,
        list(span.starts),
        span.until,
        timeout=timeout_seconds,
    )
    return [UseSum(**row) for row in rows]
