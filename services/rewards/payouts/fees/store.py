"""The SQL of what runs by providers would cost."""

from collections.abc import Sequence
from datetime import datetime

from services.rewards.payouts.fees.domain import AMOUNTS_MAX_COUNT, Amount, RunQuote, RunToQuote
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.providers.domain.paying import PayQuote
from services.rewards.providers.store.orders import AccountKey
from shared.postgres import Connection


async def claim_due(
    conn: Connection, *, now: datetime, again_at: datetime, busy: Sequence[AccountKey], limit: int
) -> list[RunToQuote]:
    """Runs by providers that wait for their approval and whose cost is to be asked for, the longest waiting first.

    They are not due again before `again_at`. None of accounts that are `busy`, and one of an account at most.
    """
    rows = await conn.fetch(
        """
        with due as (
            select distinct on (r.community, r.provider) r.community, r.run_id, r.provider, r.currency,
                   coalesce(q.due_at, r.created_at) as since
            from payout_runs r left join payout_run_quotes q using (community, run_id)
            where r.provider is not null and r.state = 'open'
              and (q.run_id is null or q.due_at <= $1)
              and (r.community, r.provider) not in (select * from unnest($2::text[], $3::text[]))
            order by r.community, r.provider, since),
        first as (select * from due order by since, run_id limit $4),
        claimed as (
            insert into payout_run_quotes as q (community, run_id, due_at)
            select community, run_id, $5 from first
            on conflict (community, run_id) do update set due_at = excluded.due_at where q.due_at <= $1
            returning community, run_id)
        select first.* from first join claimed using (community, run_id)
        """,
        now,
        [community for community, _ in busy],
        [provider for _, provider in busy],
        limit,
        again_at,
    )
    return [
        RunToQuote(
            row["community"],
            str(row["run_id"]),
            ProviderName(row["provider"]),
            row["currency"],
            await load_amounts(conn, community=row["community"], run_id=str(row["run_id"])),
        )
        for row in rows
    ]


async def load_amounts(conn: Connection, *, community: str, run_id: str) -> list[Amount]:
    """The amounts that payouts of a run would pay, the most frequent first; no more than are asked for."""
    rows = await conn.fetch(
        """
        select amount_minor, count(*)::int as count from payouts
        where community = $1 and run_id = $2 and state = 'eligible'
        group by 1 order by 2 desc, 1 desc limit $3
        """,
        community,
        run_id,
        AMOUNTS_MAX_COUNT,
    )
    return [Amount(row["amount_minor"], row["count"]) for row in rows]


async def put_quote(conn: Connection, run: RunToQuote, *, quote: RunQuote, due_at: datetime | None) -> None:
    """Keep what was said of a run, instead of what was said before; a failure leaves that."""
    key = (run.community, run.run_id)
    await conn.execute(
        """
        update payout_run_quotes set due_at = $3, asked_at = $4, not_quoted = $5
        where community = $1 and run_id = $2
        """,
        *key,
        due_at,
        quote.asked_at,
        quote.not_quoted,
    )
    await conn.execute("delete from payout_run_fees where community = $1 and run_id = $2", *key)
    await conn.executemany(
        """
        insert into payout_run_fees (community, run_id, amount_minor, payouts_count, gets_minor, leaves_minor,
                                     leaves_currency, fee_minor, rate, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        [
            (
                *(*key, *amount, quoted.gets_minor, quoted.leaves_minor, quoted.leaves_currency),
                *(quoted.fee_minor, quoted.rate, quoted.expires_at),
            )
            for amount, quoted in quote.quotes
        ],
    )


async def find_quote(conn: Connection, *, community: str, run_id: str) -> RunQuote | None:
    """What was said last of a run; None where nobody asked yet."""
    row = await conn.fetchrow(
        "select asked_at, not_quoted from payout_run_quotes where community = $1 and run_id = $2",
        community,
        run_id,
    )
    if row is None or row["asked_at"] is None:
        return None
    fees = await conn.fetch(
        "select * from payout_run_fees where community = $1 and run_id = $2 order by amount_minor",
        community,
        run_id,
    )
    quotes = [
        (
            Amount(fee["amount_minor"], fee["payouts_count"]),
            PayQuote(
                gets_minor=fee["gets_minor"],
                leaves_minor=fee["leaves_minor"],
                leaves_currency=fee["leaves_currency"],
                fee_minor=fee["fee_minor"],
                rate=fee["rate"],
                expires_at=fee["expires_at"],
            ),
        )
        for fee in fees
    ]
    return RunQuote(quotes, row["asked_at"], row["not_quoted"])
