"""Accounts, entries and transfers as somebody looks into them."""

from datetime import datetime, timedelta

from asyncpg import Record

from services.rewards.books.domain import (
    AccountPlace,
    AccountSum,
    BookAccount,
    BookEntry,
    BookTransfer,
    EntryPlace,
    MemberAccounts,
    TransferSide,
)
from services.rewards.ledger.domain.entries import Span
from services.rewards.ledger.store.turnovers import load_turnovers
from shared.postgres import Connection

A_MOMENT = timedelta(microseconds=1)


async def load_sums(conn: Connection, *, community: str) -> list[AccountSum]:
    """What is on accounts by kind and currency: members' together, each of the community by itself."""
    rows = await conn.fetch(
        """
        select * from (
            select a.kind, a.currency, a.account_id::text as account_id, 1 as accounts_count, b.amount
            from accounts a join balances b using (community, account_id)
            where a.community = $1 and a.owner is null
            union all
            select kind, currency, null, sum(accounts)::bigint, sum(amount)::bigint
            from member_sums where community = $1 group by 1, 2
        ) sums
        order by currency, account_id is null desc, kind
        """,
        community,
    )
    return [AccountSum(**row) for row in rows]


async def load_past_sums(
    conn: Connection, *, community: str, at: datetime, timeout_seconds: float
) -> list[AccountSum]:
    """What was on accounts at a moment, by what was booked until then.

    Members' are counted as at the end of the quarter of an hour that the moment is in. Raises TimeoutError when it
    takes longer than `timeout_seconds`.
    """
    found = await load_turnovers(conn, community=community, before=at + A_MOMENT, timeout_seconds=timeout_seconds)
    return [
        AccountSum(
            kind=one.kind,
            currency=one.currency,
            account_id=one.account_id,
            accounts_count=one.accounts_count,
            amount=one.credit - one.debit,
        )
        for one in found
    ]


async def load_booked_sums(
    conn: Connection, *, community: str, since: datetime, until: datetime, timeout_seconds: float
) -> list[AccountSum]:
    """What came to accounts from one moment until before another, by kind and currency, by the entries themselves.

    Raises TimeoutError when adding them up takes longer than `timeout_seconds`.
    """
    rows = await conn.fetch(
        """
        select a.kind, a.currency, count(*) as accounts_count, sum(e.amount)::bigint as amount
        from (
            select account_id, sum(amount) as amount from entries
            where community = $1 and recorded_at >= $2 and recorded_at < $3 group by 1) e
        join accounts a on a.community = $1 and a.account_id = e.account_id
        group by 1, 2 order by 2, 1
        """,
        community,
        since,
        until,
        timeout=timeout_seconds,
    )
    return [AccountSum(account_id=None, **row) for row in rows]


async def find_account(conn: Connection, *, community: str, account_id: str) -> BookAccount | None:
    """An account with what is on it."""
    row = await conn.fetchrow(
        """
        select a.account_id, a.owner, a.kind, a.currency, coalesce(b.amount, 0) as amount
        from accounts a left join balances b using (community, account_id)
        where a.community = $1 and a.account_id = $2
        """,
        community,
        account_id,
    )
    return _account(row) if row else None


def _account(row: Record) -> BookAccount:
    return BookAccount(str(row["account_id"]), _text(row["owner"]), row["kind"], row["currency"], row["amount"])


async def page_of_member_accounts(
    conn: Connection, wanted: MemberAccounts, *, after: AccountPlace | None, limit: int
) -> list[BookAccount]:
    """Members' accounts of a kind and currency, in id order, beginning after a place."""
    rows = await conn.fetch(
        """
        select a.account_id, a.owner, a.kind, a.currency, b.amount
        from accounts a join balances b using (community, account_id)
        where a.community = $1 and a.kind = $2 and a.currency = $3 and a.owner is not null
          and ($4::uuid is null or a.account_id > $4)
        order by a.account_id limit $5
        """,
        *wanted,
        *(after or (None,)),
        limit,
    )
    return [_account(row) for row in rows]


async def page_of_past_member_accounts(
    conn: Connection, wanted: MemberAccounts, *, at: datetime, after: AccountPlace | None, limit: int
) -> list[BookAccount]:
    """Members' accounts that had entries at a moment, with what was on them, in id order, after a place."""
    rows = await conn.fetch(
        """
        select a.account_id, a.owner, a.kind, a.currency, s.amount
        from accounts a cross join lateral (
            select sum(amount)::bigint as amount from entries e
            where e.community = a.community and e.account_id = a.account_id and e.recorded_at <= $6) s
        where a.community = $1 and a.kind = $2 and a.currency = $3 and a.owner is not null
          and ($4::uuid is null or a.account_id > $4) and s.amount is not null
        order by a.account_id limit $5
        """,
        *wanted,
        *(after or (None,)),
        limit,
        at,
    )
    return [_account(row) for row in rows]


async def page_of_entries(
    conn: Connection, *, community: str, account_id: str, span: Span, after: EntryPlace | None, limit: int
) -> list[BookEntry]:
    """An account's entries with their transfers, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select e.transfer_id, t.kind, t.cause_id, t.event_time, e.recorded_at, e.amount, e.currency
        from entries e join transfers t using (community, transfer_id)
        where e.community = $1 and e.account_id = $2
          and (e.recorded_at, e.transfer_id) < (
              coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
          and e.recorded_at >= coalesce($6::timestamptz, '-infinity')
          and e.recorded_at < coalesce($7::timestamptz, 'infinity')
        order by e.recorded_at desc, e.transfer_id desc limit $5
        """,
        community,
        account_id,
        *(after or (None, None)),
        limit,
        *span,
    )
    return [
        BookEntry(
            transfer_id=str(row["transfer_id"]),
            kind=row["kind"],
            cause_id=str(row["cause_id"]),
            event_time=row["event_time"],
            recorded_at=row["recorded_at"],
            amount=row["amount"],
            currency=row["currency"],
        )
        for row in rows
    ]


async def find_transfer(conn: Connection, *, community: str, transfer_id: str) -> BookTransfer | None:
    """A transfer, and the member whose award, redemption or payout it was made for."""
    row = await conn.fetchrow(
        """
        select t.*, coalesce(
            (select p.member_id from payouts p where p.community = t.community and p.payout_id = t.cause_id),
            (select r.member_id from redemptions r
             where r.community = t.community and r.redemption_id = t.cause_id),
            (select l.member_id from lots l where l.community = t.community and l.award_id = t.cause_id),
            (select w.member_id from debt_write_offs w
             where w.community = t.community and w.write_off_id = t.cause_id),
            -- What amends an award has no lot of its own.
            (select l.member_id from transfers a
             join lots l on l.community = a.community and l.award_id = a.cause_id
             where a.community = t.community and a.transfer_id = t.amends),
            -- What members hold goes along when they are merged, and when they part.
            case when t.kind in ('merge', 'unmerge') then t.cause_id end) as owner
        from transfers t where t.community = $1 and t.transfer_id = $2
        """,
        community,
        transfer_id,
    )
    return _transfer(row) if row else None


def _transfer(row: Record) -> BookTransfer:
    return BookTransfer(
        transfer_id=str(row["transfer_id"]),
        kind=row["kind"],
        cause_id=str(row["cause_id"]),
        owner=_text(row["owner"]),
        event_time=row["event_time"],
        recorded_at=row["recorded_at"],
        amends=_text(row["amends"]),
        revision=row["revision"],
        why=row["why"],
    )


async def load_sides(conn: Connection, transfer: BookTransfer, *, community: str) -> list[TransferSide]:
    """The entries of a transfer, what is taken first."""
    # Entries lie by account and time, not by transfer. A transfer moves between accounts of one person and of the
    # community: so each of these few is asked for the one entry that it can have. Of one person is whoever is, or
    # ever was, merged with the member: points were theirs then.
    rows = await conn.fetch(
        """
        with recursive edges as (
            select member_id, into_id from merges where community = $1
            union
            select m.member_id, (s ->> 0)::uuid
            from merges m cross join lateral jsonb_array_elements(m.spells) s where m.community = $1),
        persons as (
            select $4::uuid as member_id
            union
            select case when e.member_id = p.member_id then e.into_id else e.member_id end
            from persons p join edges e on p.member_id in (e.member_id, e.into_id))
        select a.account_id, a.owner, a.kind, a.currency, e.amount
        from accounts a join entries e
          on e.account_id = a.account_id and e.community = a.community
         and e.recorded_at = $3 and e.transfer_id = $2
        where a.community = $1 and (a.owner is null or a.owner in (select member_id from persons))
        order by a.currency, e.amount, a.account_id
        """,
        community,
        transfer.transfer_id,
        transfer.recorded_at,
        transfer.owner,
    )
    return [
        TransferSide(str(row["account_id"]), _text(row["owner"]), row["kind"], row["currency"], row["amount"])
        for row in rows
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
