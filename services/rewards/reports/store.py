"""The SQL of reports. Each question may take `timeout_seconds`, and raises TimeoutError when it takes longer."""

from datetime import datetime

from services.rewards.ledger.domain.entries import POINTS, MemberBalance, Owner
from services.rewards.payouts.domain import PayoutState
from services.rewards.periods.domain import Period
from services.rewards.reports.domain import (
    BookedSince,
    DayMoved,
    Issued,
    LateCorrection,
    Moved,
    OpenItem,
    PayoutSum,
    YearBounds,
)
from shared.postgres import Connection

#: The accounts of a member, and of those merged into it.
_ACCOUNTS = """
    select * from accounts a where a.community = $1 and a.owner = any(array(
        select $2::uuid union all select member_id from merges where community = $1 and head_id = $2))
"""


async def load_opening(
    conn: Connection, owner: Owner, *, before: datetime, timeout_seconds: float
) -> list[MemberBalance]:
    """What was on every account of a member, and of those merged into it now, by what was booked before."""
    rows = await conn.fetch(
        f"""
        select a.kind, a.currency, sum(e.amount)::bigint as amount
        from ({_ACCOUNTS}) a
        join entries e on e.community = a.community and e.account_id = a.account_id and e.recorded_at < $3
        group by 1, 2 order by 2, 1
        """,  # noqa: S608 -- a constant
        *owner,
        before,
        timeout=timeout_seconds,
    )
    return [MemberBalance(*row) for row in rows]


async def load_ended(conn: Connection, owner: Owner, *, at: datetime, timeout_seconds: float) -> int:
    """Points of a member, and of those merged into it, that were over at a moment and booked away from then on."""
    points: int = await conn.fetchval(
        f"""
        select coalesce(sum(e.amount), 0)::bigint
        from ({_ACCOUNTS}) a
        join entries e on e.community = a.community and e.account_id = a.account_id and e.recorded_at >= $3
        join transfers t on t.community = e.community and t.transfer_id = e.transfer_id
        where a.kind = 'expired' and t.kind = 'expiry' and t.event_time <= $3
        """,  # noqa: S608 -- a constant
        *owner,
        at,
        timeout=timeout_seconds,
    )
    return points


async def load_moved(
    conn: Connection, owner: Owner, *, bounds: YearBounds, timeout_seconds: float
) -> list[DayMoved]:
    """What moved on a member's accounts on each day of a year, by when it was booked, in the order of days.

    What is neither an award, an amendment nor a debt written off sums to zero for whoever is alone: what is left
    came by merges.
    """
    rows = await conn.fetch(
        f"""
        select width_bucket(e.recorded_at, $3::timestamptz[]) - 1 as place, e.currency,
               case when e.currency = $6 then coalesce(sum(e.amount) filter (where t.kind = 'award'), 0)
                    else coalesce(sum(e.amount) filter (where e.amount > 0), 0) end::bigint as earned,
               coalesce(sum(e.amount) filter (
                   where e.currency = $6 and t.kind = 'amendment'), 0)::bigint as corrected,
               coalesce(sum(e.amount) filter (
                   where e.currency = $6 and t.kind like 'debt_%'), 0)::bigint as written_off,
               coalesce(sum(e.amount) filter (
                   where e.currency = $6 and t.kind not in ('award', 'amendment')
                     and t.kind not like 'debt_%'), 0)::bigint as merged,
               coalesce(sum(e.amount) filter (where a.kind = 'spent'), 0)::bigint as redeemed,
               case when e.currency = $6 then coalesce(sum(e.amount) filter (where a.kind = 'paid'), 0)
                    else coalesce(-sum(e.amount) filter (where e.amount < 0), 0) end::bigint as paid,
               coalesce(sum(e.amount) filter (where a.kind = 'expired'), 0)::bigint as expired
        from ({_ACCOUNTS}) a
        join entries e on e.community = a.community and e.account_id = a.account_id
          and e.recorded_at >= $4 and e.recorded_at < $5
        join transfers t on t.community = e.community and t.transfer_id = e.transfer_id
        group by 1, 2
        order by 1, e.currency <> $6, 2
        """,  # noqa: S608 -- a constant
        *owner,
        list(bounds.starts),
        bounds.begins_at,
        bounds.ends_at,
        POINTS,
        timeout=timeout_seconds,
    )
    return [
        DayMoved(bounds.days[row["place"]], row["currency"], Moved(*(row[field] for field in Moved._fields)))
        for row in rows
    ]


async def load_issued(conn: Connection, period: Period, *, timeout_seconds: float) -> list[Issued]:
    """Points that came in a month, by the kind of transfer."""
    rows = await conn.fetch(
        """
        select t.kind, -sum(e.amount)::bigint as points
        from accounts a
        join entries e on e.community = a.community and e.account_id = a.account_id
          and e.recorded_at >= $2 and e.recorded_at < $3
        join transfers t on t.community = e.community and t.transfer_id = e.transfer_id
        where a.community = $1 and a.owner is null and a.kind = 'points_issued'
        group by 1 order by 1
        """,
        period.community,
        period.starts_at,
        period.ends_at,
        timeout=timeout_seconds,
    )
    return [Issued(*row) for row in rows]


async def load_booked_since(
    conn: Connection, *, community: str, ended_at: datetime, until: datetime, timeout_seconds: float
) -> BookedSince:
    """Points that were booked from the end of a day until what they were worth at it was kept.

    What came is counted of awards that were earned before that end alone, and what ended of points that were over
    by then and had not been set aside: those of later are of another day.
    """
    row = await conn.fetchrow(
        """
        select coalesce(sum(e.amount) filter (
                   where t.kind = 'expiry' and a.kind = 'expired' and (t.event_time <= $2 or lot.expires_at <= $2
                       and t.event_time <> t.recorded_at)), 0)::bigint as ended,
               coalesce(-sum(e.amount) filter (
                   where a.kind = 'debts_written_off'
                      or a.kind = 'points_issued' and coalesce(award.event_time, t.event_time) < $2
               ), 0)::bigint as late
        from entries e
        join accounts a on a.community = e.community and a.account_id = e.account_id
        join transfers t on t.community = e.community and t.transfer_id = e.transfer_id
        left join transfers award on award.community = t.community and award.transfer_id = t.amends
        left join lots lot on lot.community = t.community and t.kind = 'expiry' and lot.award_id = t.cause_id
        where e.community = $1 and e.recorded_at >= $2 and e.recorded_at <= $3
          and a.kind in ('expired', 'points_issued', 'debts_written_off')
        """,
        community,
        ended_at,
        until,
        timeout=timeout_seconds,
    )
    return BookedSince(row["ended"], row["late"]) if row else BookedSince(0, 0)


async def load_payouts(conn: Connection, period: Period, *, timeout_seconds: float) -> list[PayoutSum]:
    """Payouts by the state that they were in when a month was over."""
    rows = await conn.fetch(
        """
        select c.state, p.currency, count(*) as number, sum(p.points)::bigint as points,
               sum(p.amount_minor)::bigint as amount_minor
        from payouts p cross join lateral (
            select state from payout_changes c
            where c.community = p.community and c.payout_id = p.payout_id and c.changed_at < $2
            order by c.changed_at desc, array_position($3::text[], c.state) desc limit 1) c
        where p.community = $1 and p.created_at < $2
        group by 1, 2 order by array_position($3::text[], c.state), 2
        """,
        period.community,
        period.ends_at,
        [state.value for state in PayoutState],
        timeout=timeout_seconds,
    )
    return [PayoutSum(*row) for row in rows]


async def load_open_items(conn: Connection, period: Period, *, timeout_seconds: float) -> list[OpenItem]:
    """What waited for somebody when a month was over; what did not is not listed."""
    rows = await conn.fetch(
        """
        select kind, count(*) as number, sum(points)::bigint as points, min(since) as oldest_at
        from (
            select 'redemption' as kind, points, created_at as since from redemptions
            -- What was confirmed by then and is refunded since waited for nobody.
            where community = $1 and created_at < $2
              and (state = 'reserved' or coalesce(confirmed_at, changed_at) >= $2)
            union all
            select 'journal', 0, proposed_at from journals
            where community = $1 and proposed_at < $2 and (decided_at is null or decided_at >= $2)
            union all
            select 'payout_outcome', 0, proposed_at from payout_outcomes
            where community = $1 and proposed_at < $2 and (decided_at is null or decided_at >= $2)) waiting
        group by 1 order by 1
        """,
        period.community,
        period.ends_at,
        timeout=timeout_seconds,
    )
    return [OpenItem(*row) for row in rows]


async def load_corrections(conn: Connection, period: Period, *, timeout_seconds: float) -> list[LateCorrection]:
    """What was booked in a month and names something that was booked before it, by the kind of transfer.

    Refunds move points between accounts of members: they are found by what was refunded.
    """
    rows = await conn.fetch(
        """
        select t.kind, count(distinct t.transfer_id) as number,
               coalesce(-sum(e.amount) filter (where e.currency = $4), 0)::bigint as points
        from accounts a
        join entries e on e.community = a.community and e.account_id = a.account_id
          and e.recorded_at >= $2 and e.recorded_at < $3
        join transfers t on t.community = e.community and t.transfer_id = e.transfer_id and t.amends is not null
        join transfers before on before.community = t.community and before.transfer_id = t.amends
          and before.recorded_at < $2
        where a.community = $1 and a.owner is null
        group by 1
        union all
        select 'redemption_refunded', count(*), sum(f.points)::bigint
        from refunds f join redemptions r using (community, redemption_id)
        where f.community = $1 and f.state = 'done' and f.decided_at >= $2 and f.decided_at < $3
          and r.confirmed_at < $2
        having count(*) > 0
        order by 1
        """,
        period.community,
        period.starts_at,
        period.ends_at,
        POINTS,
        timeout=timeout_seconds,
    )
    return [LateCorrection(*row) for row in rows]
