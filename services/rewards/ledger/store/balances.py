"""What is on a member's accounts, now and at another moment."""

from datetime import datetime

from services.rewards.ledger.domain.balances import Due
from services.rewards.ledger.domain.entries import MemberBalance, Owner
from shared.postgres import Connection


async def load_balances(conn: Connection, owner: Owner) -> list[MemberBalance]:
    """What is on every account of a member, and of those merged into it, by the books."""
    rows = await conn.fetch(
        """
        select a.kind, a.currency, sum(b.amount)::bigint
        from accounts a join balances b using (community, account_id)
        where a.community = $1 and a.owner = any(array(
            select $2::uuid union all
            select member_id from merges where community = $1 and head_id = $2))
        group by 1, 2 order by 1, 2
        """,
        *owner,
    )
    return [MemberBalance(*row) for row in rows]


async def load_past_balances(conn: Connection, owner: Owner, *, at: datetime) -> list[MemberBalance]:
    """What was on every account of a member, and of those merged into it now, at a moment, by the entries.

    What expired counts from its moment on.
    """
    rows = await conn.fetch(
        """
        select a.kind, a.currency, coalesce(sum(e.amount) filter (
                   where case when t.kind = 'expiry' then t.event_time else e.recorded_at end <= $3), 0)::bigint
        from accounts a
        join entries e on e.community = a.community and e.account_id = a.account_id
        join transfers t on t.community = e.community and t.transfer_id = e.transfer_id
        where a.community = $1 and a.owner = any(array(
            select $2::uuid union all
            select member_id from merges where community = $1 and head_id = $2))
          and (e.recorded_at <= $3 or (t.kind = 'expiry' and t.event_time <= $3))
        group by 1, 2 order by 1, 2
        """,
        *owner,
        at,
    )
    return [MemberBalance(*row) for row in rows]


async def load_due(conn: Connection, owner: Owner, *, now: datetime, at: datetime) -> Due:
    """Points of a member that nobody has booked yet and whose time is over at a moment.

    What waits counts as matured only at a moment that is still to come: until a timer books it, nobody can
    use it.
    """
    row = await conn.fetchrow(
        """
        with persons as (
            select $2::uuid as member_id union all
            select member_id from merges where community = $1 and head_id = $2)
        select
            (select coalesce(sum(remaining), 0)::bigint from lots join persons using (member_id)
             where community = $1 and pending_until <= $3 and $3 > $4) as matured,
            (select coalesce(sum(remaining - owed), 0)::bigint from lots join persons using (member_id)
             where community = $1 and expires_at <= $3 and remaining > owed
                and (pending_until is null or pending_until <= $3 and $3 > $4)) as over,
            (select coalesce(sum(lacking), 0)::bigint from lots join persons using (member_id)
             where community = $1 and lacking > 0 and pending_until is null) as lacking
        """,
        *owner,
        at,
        now,
    )
    return Due(row["matured"], row["over"], row["lacking"]) if row else Due()
