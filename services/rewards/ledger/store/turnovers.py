"""What accounts took and gave by quarter of an hour, in parts: the sum of the parts counts."""

from collections.abc import Iterable
from datetime import datetime

from services.rewards.ledger.domain.entries import Entry
from services.rewards.ledger.domain.turnovers import QUARTER, Turnover, quarter_of, turnovers_of
from shared.postgres import Connection


async def add_turnovers(conn: Connection, entries: Iterable[Entry], *, now: datetime) -> None:
    """Add a part for each kind and currency that entries are on, and for each account of the community."""
    sums = turnovers_of(entries)
    if not sums:
        return
    await conn.execute(
        """
        insert into turnovers (starts_at, community, kind, currency, account_id, debit, credit)
        select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::uuid[], $6::bigint[], $7::bigint[])
        """,
        quarter_of(now),
        *zip(*((*key, *sums[key]) for key in sums), strict=True),
    )


async def load_turnovers(
    conn: Connection, *, community: str, before: datetime, timeout_seconds: float
) -> list[Turnover]:
    """What accounts took and gave before a moment, by when it was booked; those without entries are left out.

    Reads a quarter's parts, and entries only of the quarter that the moment is in, unless it begins then. Accounts
    are counted as they were at the end of that quarter. Raises TimeoutError when it takes longer than
    `timeout_seconds`.
    """
    begun = quarter_of(before)
    rows = await conn.fetch(
        """
        select kind, currency, account_id::text as account_id,
               case when account_id is null then sum(accounts)::bigint else 1 end as accounts_count,
               sum(debit)::bigint as debit, sum(credit)::bigint as credit
        from (
            select kind, currency, account_id, accounts, debit, credit from turnovers
            where community = $1 and starts_at < $2
            union all
            select kind, currency, account_id, accounts, 0, 0 from turnovers
            where community = $1 and starts_at >= $2 and starts_at < $4
            union all
            select a.kind, a.currency, case when a.owner is null then a.account_id end, 0, e.debit, e.credit
            from (
                select account_id, coalesce(-sum(amount) filter (where amount < 0), 0) as debit,
                       coalesce(sum(amount) filter (where amount > 0), 0) as credit
                from entries
                where $2::timestamptz < $3::timestamptz
                  and community = $1 and recorded_at >= $2 and recorded_at < $3
                group by 1) e
            join accounts a on a.community = $1 and a.account_id = e.account_id) parts
        group by kind, currency, account_id having sum(debit) + sum(credit) > 0
        order by currency, account_id is null desc, kind, account_id
        """,
        community,
        begun,
        before,
        begun + QUARTER if begun < before else begun,
        timeout=timeout_seconds,
    )
    return [Turnover(**row) for row in rows]


async def fold_turnovers(conn: Connection, *, limit: int) -> int:
    """Make one of the parts of at most `limit` turnovers, the oldest first; return how many parts went.

    Two that fold at once add up what each took away itself.
    """
    folded: int = await conn.fetchval(
        """
        with many as (
            select starts_at, community, kind, currency, account_id from turnovers where not folded
            group by 1, 2, 3, 4, 5 order by 1, 2 limit $1),
        taken as (
            delete from turnovers t using many m
            where t.community = m.community and t.starts_at = m.starts_at and t.kind = m.kind
              and t.currency = m.currency and t.account_id is not distinct from m.account_id
            returning t.community, t.starts_at, t.kind, t.currency, t.account_id, t.accounts, t.debit, t.credit),
        folded as (
            insert into turnovers (
                community, starts_at, kind, currency, account_id, accounts, debit, credit, folded)
            select community, starts_at, kind, currency, account_id, sum(accounts), sum(debit), sum(credit), true
            from taken group by 1, 2, 3, 4, 5)
        select count(*) from taken
        """,
        limit,
    )
    return folded
