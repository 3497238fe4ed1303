"""Payouts and redemptions against what the ledger, the lots and their histories say of them."""

import logging
from datetime import datetime

from asyncpg import Record
from pydantic import TypeAdapter, ValidationError

from services.rewards.checks.domain import (
    USING_STATES,
    AccountDifference,
    Findings,
    LastCheck,
    LedgerChecks,
    StateDifference,
    UseDifference,
    expected,
)
from services.rewards.ledger.store.check import FINDINGS_MAX_COUNT
from services.rewards.payouts.domain import PayoutState
from shared.postgres import Connection

#: What cards cost at their providers: see costs.
OF_CARDS = ("provider_balance", "card_cost", "card_fees", "card_discounts", "card_differences")
#: Accounts that journals book on, and for the last ones what cards cost.
BY_HAND = ("bank_charges", "fx_gain_loss", "suspense", *OF_CARDS)

log = logging.getLogger(__name__)

_FINDINGS = TypeAdapter(Findings)
#: What noting how far a check is, in a transaction beside it, may take more.
BESIDE_SECONDS = 60.0

# Each compares one community, or all (None), lists at most FINDINGS_MAX_COUNT and may take `timeout_seconds`. Like
# those of the ledger they add up where they can, instead of joining.


async def compare_accounts(
    conn: Connection, *, community: str | None, timeout_seconds: float
) -> list[AccountDifference]:
    """Accounts that do not hold what payouts and redemptions, what cards cost, and journals have on them."""
    rows = await conn.fetch(
        """
        with standings as (
            select * from unnest($3::text[], $4::text[], $5::text[], $6::boolean[], $7::boolean[], $8::int[])
                as s(what, state, kind, is_money, is_of_member, times))
        select community, owner, kind, currency, sum(balance)::bigint as balance, sum(expected)::bigint as expected
        from (
            select a.community, a.owner, a.kind, a.currency, b.amount as balance, 0 as expected
            from accounts a join balances b using (community, account_id)
            where a.kind = any($5 || $9::text[]) and ($1::text is null or a.community = $1)
            union all
            select p.community, case when s.is_of_member then p.member_id end, s.kind,
                   case when s.is_money then p.currency else 'PTS' end,
                   0, s.times * case when s.is_money then p.amount_minor else p.points end
            from payouts p join standings s on s.what = 'payout' and s.state = p.state
            where $1::text is null or p.community = $1
            union all
            select r.community, case when s.is_of_member then r.member_id end, s.kind, 'PTS', 0,
                   s.times * (coalesce(r.spent_points, r.points) - r.refunded_points)
            from redemptions r join standings s on s.what = 'redemption' and s.state = r.state
            where $1::text is null or r.community = $1
            union all
            select c.community, null, s.kind, c.currency, 0, s.amount
            from provider_costs c cross join lateral (
                select case when c.taken_back_at is null then 1 else 0 end as times,
                       c.charged_minor - c.expected_minor - c.fee_minor + c.discount_minor as difference) h
            cross join lateral (values
                ('provider_balance', h.times * c.charged_minor + (1 - h.times) * c.kept_minor),
                ('card_cost', -h.times * c.expected_minor), ('card_fees', -h.times * c.fee_minor),
                ('card_discounts', h.times * c.discount_minor),
                ('card_differences', -h.times * h.difference - (1 - h.times) * c.kept_minor)) s(kind, amount)
            where $1::text is null or c.community = $1
            union all
            select j.community, null, l.kind, l.currency, 0, l.amount
            from journals j join journal_lines l using (community, journal_id)
            where j.state = 'posted' and ($1::text is null or j.community = $1)) both_sides
        where kind = any($5 || $9::text[])
        group by 1, 2, 3, 4 having sum(balance) <> sum(expected)
        order by 1, 2 nulls first, 3, 4 limit $2
        """,
        community,
        FINDINGS_MAX_COUNT,
        *(list(column) for column in zip(*expected(), strict=True)),
        BY_HAND,
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
            select community, used_by, 0, -points
            from lot_uses_given_back where $1::text is null or community = $1
            union all
            select community, redemption_id, coalesce(spent_points, points) - refunded_points, 0
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


async def may_idle(conn: Connection, *, seconds: float) -> None:
    """Let this transaction say nothing for so long: meanwhile the broker is asked what it was told.

    The server would end it after `idle_transaction_seconds`, and a check begun again would be ended again.
    """
    milliseconds = int((seconds + BESIDE_SECONDS) * 1000)
    await conn.execute("select set_config('idle_in_transaction_session_timeout', $1, true)", str(milliseconds))


async def ask_for_check(conn: Connection, *, community: str, now: datetime) -> bool:
    """Note that a check is wanted; False when one waits or is under way."""
    status: str = await conn.execute(
        """
        insert into ledger_checks as c (community, asked_at) values ($1, $2)
        on conflict (community) do update set asked_at = $2, parts_done = 0, took_too_long = false
        where c.asked_at is null
        """,
        community,
        now,
    )
    return status != "INSERT 0 0"


async def start_check(conn: Connection, *, now: datetime) -> str | None:
    """Start the check that has waited longest, or again one whose worker ended; whose it is, None for none."""
    found: str | None = await conn.fetchval(
        """
        update ledger_checks set started_at = $1, parts_done = 0
        where community = (
            select community from ledger_checks where asked_at is not null
            order by asked_at, community limit 1 for update)
        returning community
        """,
        now,
    )
    return found


async def set_parts_done(conn: Connection, *, community: str, count: int) -> None:
    """Note how far the check is that is under way."""
    await conn.execute("update ledger_checks set parts_done = $2 where community = $1", community, count)


async def put_check(
    conn: Connection, *, community: str, found: Findings, checked_at: datetime, took_seconds: float
) -> None:
    """Keep what a check found in place of what the one before it did."""
    await conn.execute(
        """
        update ledger_checks
        set asked_at = null, started_at = null, found = $2::jsonb, checked_at = $3, took_seconds = $4
        where community = $1
        """,
        community,
        _FINDINGS.dump_json(found).decode(),
        checked_at,
        took_seconds,
    )


async def give_check_up(conn: Connection, *, community: str) -> None:
    """Note that the check under way took too long; what the last one found stays."""
    await conn.execute(
        "update ledger_checks set asked_at = null, started_at = null, took_too_long = true where community = $1",
        community,
    )


async def find_checks(conn: Connection, *, community: str) -> LedgerChecks:
    """The last check of a community, and the one that is asked for or under way."""
    row = await conn.fetchrow("select * from ledger_checks where community = $1", community)
    if row is None:
        return LedgerChecks()
    return LedgerChecks(
        last=_last(row),
        asked_at=row["asked_at"],
        started_at=row["started_at"],
        parts_done=row["parts_done"],
        took_too_long=row["took_too_long"],
    )


def _last(row: Record) -> LastCheck | None:
    if row["found"] is None:
        return None
    try:
        found = _FINDINGS.validate_json(row["found"])
    except ValidationError as error:
        # Of a version that found other things: another check says it anew.
        log.warning("the last check of the ledger of %s cannot be read: %s", row["community"], error)
        return None
    return LastCheck(found, row["checked_at"], row["took_seconds"])


def _state_difference(row: Record) -> StateDifference:
    return StateDifference(
        community=row["community"],
        payout_id=str(row["payout_id"]),
        state=PayoutState(row["state"]) if row["state"] else None,
        reached=PayoutState(row["reached"]) if row["reached"] else None,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
