"""Payouts and redemptions against what the ledger, the lots and their histories say of them."""

from asyncpg import Record

from services.rewards.checks.domain import (
    USING_STATES,
    AccountDifference,
    StateDifference,
    UseDifference,
    expected,
)
from services.rewards.ledger.store.check import FINDINGS_MAX_COUNT
from services.rewards.payouts.domain import PayoutState
from shared.postgres import Connection

# Each compares one community, or all (None), lists at most FINDINGS_MAX_COUNT and may take `timeout_seconds`. Like
# those of the ledger they add up where they can, instead of joining.


async def compare_accounts(
    conn: Connection, *, community: str | None, timeout_seconds: float
) -> list[AccountDifference]:
    """Accounts that do not hold what the payouts and redemptions in their states have on them."""
    rows = await conn.fetch(
        """
        with standings as (
            select * from unnest($3::text[], $4::text[], $5::text[], $6::boolean[], $7::boolean[], $8::int[])
                as s(what, state, kind, is_money, is_of_member, times))
        select community, owner, kind, currency, sum(balance)::bigint as balance, sum(expected)::bigint as expected
        from (
            select a.community, a.owner, a.kind, a.currency, b.amount as balance, 0 as expected
            from accounts a join balances b using (community, account_id)
            where a.kind = any($5) and ($1::text is null or a.community = $1)
            union all
            select p.community, case when s.is_of_member then p.member_id end, s.kind,
                   case when s.is_money then p.currency else 'PTS' end,
                   0, s.times * case when s.is_money then p.amount_minor else p.points end
            from payouts p join standings s on s.what = 'payout' and s.state = p.state
            where $1::text is null or p.community = $1
            union all
            select r.community, case when s.is_of_member then r.member_id end, s.kind, 'PTS', 0, s.times * r.points
            from redemptions r join standings s on s.what = 'redemption' and s.state = r.state
            where $1::text is null or r.community = $1) both_sides
        group by 1, 2, 3, 4 having sum(balance) <> sum(expected)
        order by 1, 2 nulls first, 3, 4 limit $2
        """,
        community,
        FINDINGS_MAX_COUNT,
        *(list(column) for column in zip(*expected(), strict=True)),
        timeout=timeout_seconds,
    )
    return [
        AccountDifference(
            community=row["community"],
            owner=_text(row["owner"]),
            kind=row["kind"],
            currency=row["currency"],
            balance=row["balance"],
            expected=row["expected"],
        )
        for row in rows
    ]


async def compare_uses(conn: Connection, *, community: str | None, timeout_seconds: float) -> list[UseDifference]:
    """Payouts and redemptions whose points are not those of the lots that they used."""
    rows = await conn.fetch(
        """
        select community, used_by, sum(points)::bigint as points, sum(used)::bigint as used
        from (
            select community, used_by, 0 as points, points as used
            from lot_uses where $1::text is null or community = $1
            union all
            select community, redemption_id, points, 0
            from redemptions where $1::text is null or community = $1
            union all
            select p.community, p.payout_id, p.points, 0
            from payouts p join payout_changes c using (community, payout_id)
            where c.state = any($3) and ($1::text is null or p.community = $1)) both_sides
        group by 1, 2 having sum(points) <> sum(used)
        order by 1, 2 limit $2
        """,
        community,
        FINDINGS_MAX_COUNT,
        USING_STATES,
        timeout=timeout_seconds,
    )
    return [UseDifference(row["community"], str(row["used_by"]), row["points"], row["used"]) for row in rows]


async def compare_states(
    conn: Connection, *, community: str | None, timeout_seconds: float
) -> list[StateDifference]:
    """Payouts that are in another state than the last of their histories."""
    rows = await conn.fetch(
        """
        select community, payout_id, max(state) as state, ($3::text[])[max(number)] as reached
        from (
            select community, payout_id, state, null::int as number
            from payouts where $1::text is null or community = $1
            union all
            select community, payout_id, null, array_position($3::text[], state)
            from payout_changes where $1::text is null or community = $1) both_sides
        group by 1, 2 having max(state) is distinct from ($3::text[])[max(number)]
        order by 1, 2 limit $2
        """,
        community,
        FINDINGS_MAX_COUNT,
        list(PayoutState),
        timeout=timeout_seconds,
    )
    return [_state_difference(row) for row in rows]


def _state_difference(row: Record) -> StateDifference:
    return StateDifference(
        community=row["community"],
        payout_id=str(row["payout_id"]),
        state=PayoutState(row["state"]) if row["state"] else None,
        reached=PayoutState(row["reached"]) if row["reached"] else None,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
