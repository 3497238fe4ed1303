"""Is the ledger right? Everything derived is computed again from what is never changed."""

from collections.abc import Awaitable, Callable

from asyncpg import Record

from services.rewards.ledger.domain.check import (
    BalanceDifference,
    CurrencySum,
    Findings,
    LotDifference,
    SumDifference,
    TurnoverDifference,
    UnbalancedTransfer,
)
from shared.postgres import Connection

FINDINGS_MAX_COUNT = 100
LEDGER_PARTS_COUNT = 6
#: Is called when a part of a check is done.
OnPart = Callable[[], Awaitable[None]]


async def see_one_moment(conn: Connection) -> None:
    """Let every statement of a transaction that has done nothing yet see the database as the first one does."""
    await conn.execute("set transaction isolation level repeatable read")


async def check_ledger(
    conn: Connection, *, community: str | None, timeout_seconds: float, on_part: OnPart
) -> Findings:
    """Compare transfers, entries, balances and lots of one community, or of all.

    At most FINDINGS_MAX_COUNT of each kind are listed. Call it in a transaction that sees one moment, so that all
    parts do. Each part may take `timeout_seconds`; after each of LEDGER_PARTS_COUNT `on_part` is called.
    """

    async def found(query: str) -> list[Record]:
        rows = await conn.fetch(query, community, FINDINGS_MAX_COUNT, timeout=timeout_seconds)
        await on_part()
        return list(rows)

    sums = await conn.fetch(
        """
        select currency, count(*) as entries, sum(amount)::bigint as total from entries
        where $1::text is null or community = $1 group by 1 order by 1
        """,
        community,
        timeout=timeout_seconds,
    )
    await on_part()
    return Findings(
        sums=[CurrencySum(**row) for row in sums],
        unbalanced=[_transfer(row) for row in await found(_UNBALANCED)],
        balances=[_balance(row) for row in await found(_BALANCES)],
        lots=[_lots(row) for row in await found(_LOTS)],
        member_sums=[SumDifference(**row) for row in await found(_MEMBER_SUMS)],
        turnovers=[TurnoverDifference(**row) for row in await found(_TURNOVERS)],
    )


def _transfer(row: Record) -> UnbalancedTransfer:
    return UnbalancedTransfer(row["community"], str(row["transfer_id"]), row["currency"], row["total"])


def _balance(row: Record) -> BalanceDifference:
    return BalanceDifference(
        community=row["community"],
        account_id=str(row["account_id"]),
        owner=str(row["owner"]) if row["owner"] else None,
        kind=row["kind"],
        currency=row["currency"],
        balance=row["balance"],
        entries=row["entries"],
    )


def _lots(row: Record) -> LotDifference:
    return LotDifference(
        community=row["community"],
        member_id=str(row["member_id"]),
        kind=row["kind"],
        balance=row["balance"],
        remaining=row["remaining"],
    )


# These add up instead of joining: a join planned on old statistics of a big table may take hours.

#: Transfers whose entries do not sum to zero, transfers without any entry, and entries without a transfer.
_UNBALANCED = """
    (select community, transfer_id, currency, sum(amount)::bigint as total from entries
     where $1::text is null or community = $1
     group by 1, 2, 3 having sum(amount) <> 0 limit $2)
    union all
    (select community, transfer_id, null, 0 from (
         select community, transfer_id, 1 as entries, 0 as transfers
         from entries where $1::text is null or community = $1
         union all
         select community, transfer_id, 0, 1 from transfers where $1::text is null or community = $1) both_sides
     group by 1, 2 having sum(entries) = 0 or sum(transfers) = 0 limit $2)
"""

#: Balances that differ from the sum of their entries, and accounts that are not declared.
_BALANCES = """
    select community, account_id, (array_agg(owner) filter (where owner is not null))[1] as owner,
           max(kind) as kind, max(currency) as currency, sum(balance)::bigint as balance,
           sum(entries)::bigint as entries
    from (
        select community, account_id, null::uuid as owner, null as kind, null as currency,
               0 as balance, amount as entries
        from entries where $1::text is null or community = $1
        union all
        select community, account_id, null, null, null, amount, 0
        from balances where $1::text is null or community = $1
        union all
        select community, account_id, owner, kind, currency, 0, 0
        from accounts where $1::text is null or community = $1) every_side
    group by 1, 2 having sum(balance) <> sum(entries) or max(kind) is null
    limit $2
"""

#: Members whose lots, with those of who is merged into them, do not hold what is pending or available, less what
#: they lack.
_LOTS = """
    select community, member_id, kind, sum(balance)::bigint as balance, sum(remaining)::bigint as remaining
    from (
        select a.community, a.owner as member_id, a.kind, b.amount as balance, 0 as remaining
        from accounts a join balances b using (community, account_id)
        where a.kind in ('pending', 'available') and a.currency = 'PTS' and ($1::text is null or a.community = $1)
        union all
        select l.community, coalesce(g.head_id, l.member_id),
               case when l.pending_until is null then 'available' else 'pending' end, 0, l.remaining - l.lacking
        from lots l left join merges g using (community, member_id)
        where $1::text is null or l.community = $1) both_sides
    group by 1, 2, 3 having sum(balance) <> sum(remaining)
    limit $2
"""

#: Sums of members' accounts that are not those of their balances, or not of as many accounts, as they were
#: counted in the sum and in their turnover.
_MEMBER_SUMS = """
    select community, kind, currency, sum(amount)::bigint as amount, sum(balance)::bigint as balances
    from (
        select community, kind, currency, accounts, amount, 0 as declared, 0 as counted, 0 as balance
        from member_sums where $1::text is null or community = $1
        union all
        select community, kind, currency, 0, 0, accounts, 0, 0
        from turnovers where account_id is null and ($1::text is null or community = $1)
        union all
        select a.community, a.kind, a.currency, 0, 0, 0, 1, b.amount
        from accounts a join balances b using (community, account_id)
        where a.owner is not null and ($1::text is null or a.community = $1)) every_side
    group by 1, 2, 3
    having sum(amount) <> sum(balance) or sum(accounts) <> sum(counted) or sum(declared) <> sum(counted)
    limit $2
"""

#: Turnovers that are not those of their quarter's entries. It joins: any plan finds accounts by their key, and a
#: sum for each account and quarter would be as many rows as entries.
_TURNOVERS = """
    select community, starts_at, kind, currency, account_id::text as account_id, sum(debit)::bigint as debit,
           sum(credit)::bigint as credit, sum(entries_debit)::bigint as entries_debit,
           sum(entries_credit)::bigint as entries_credit
    from (
        select e.community, date_bin('15 minutes', e.recorded_at, '2000-01-01T00:00:00Z') as starts_at, a.kind,
               e.currency, case when a.owner is null then e.account_id end as account_id, 0 as debit, 0 as credit,
               greatest(-e.amount, 0) as entries_debit, greatest(e.amount, 0) as entries_credit
        from entries e left join accounts a using (community, account_id)
        where $1::text is null or e.community = $1
        union all
        select community, starts_at, kind, currency, account_id, debit, credit, 0, 0
        from turnovers where $1::text is null or community = $1) both_sides
    group by 1, 2, 3, 4, both_sides.account_id
    having sum(debit) <> sum(entries_debit) or sum(credit) <> sum(entries_credit)
    limit $2
"""
