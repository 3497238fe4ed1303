"""Transfers, entries and balances.

A member's available balance is the lock on all their points: lock_members takes it before anything else of
that member is changed, members in one order. So two transactions never wait for each other.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from asyncpg import Record

from services.rewards.ledger.domain.entries import (
    Account,
    Entry,
    Owner,
    Span,
    StatementEntry,
    StatementPlace,
    Transfer,
    check_balanced,
    deltas,
    member_account,
)
from services.rewards.ledger.domain.turnovers import quarter_of
from services.rewards.ledger.store.turnovers import add_turnovers
from shared.postgres import Connection, copy_new


class NotNewError(Exception):
    """A transfer of a command was booked before: the command's own state should have prevented that."""


async def add_transfers(conn: Connection, transfers: Sequence[Transfer], *, now: datetime) -> set[str] | None:
    """Add transfers; return the ids of those that were not there before, or None when all are new."""
    columns = (*Transfer._fields, "recorded_at")
    rows = [(*transfer, now) for transfer in sorted(transfers, key=_place_of_transfer)]
    if await copy_new(conn, "transfers", columns=columns, records=rows):
        return None
    added = await conn.fetch(
        """
        insert into transfers (community, transfer_id, kind, cause_id, event_time, amends, revision, why,
                               told_at, told_points, recorded_at)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::uuid[],
                             $7::int[], $8::text[], $9::timestamptz[], $10::bigint[], $11::timestamptz[])
        on conflict do nothing
        returning transfer_id
        """,
        *zip(*rows, strict=True),
    )
    return None if len(added) == len(rows) else {str(row["transfer_id"]) for row in added}


def _place_of_transfer(transfer: Transfer) -> str:
    return transfer.transfer_id  # neighbours in the index one after the other: less work


def _place_in_index(entry: Entry) -> str:
    return entry.account.account_id


async def load_booked(conn: Connection, *, transfer_ids: Sequence[str]) -> set[str]:
    """Which of these transfers were booked."""
    rows = await conn.fetch("select transfer_id from transfers where transfer_id = any($1::uuid[])", transfer_ids)
    return {str(row["transfer_id"]) for row in rows}


async def add_entries(conn: Connection, entries: Sequence[Entry], *, now: datetime) -> None:
    """Add entries and their turnover, all of a transfer in one call: its sum is zero, or the database refuses."""
    # COPY, not insert: the driver encodes it at twice the speed of arrays, and the trigger runs once as well.
    await conn.copy_records_to_table(
        "entries",
        columns=("community", "account_id", "recorded_at", "transfer_id", "amount", "currency"),
        records=[
            (account.community, account.account_id, now, transfer, amount, account.currency)
            for transfer, account, amount in sorted(entries, key=_place_in_index)
        ],
    )
    await add_turnovers(conn, entries, now=now)


async def add_to_balances(conn: Connection, changes: Sequence[tuple[Account, int]], *, now: datetime) -> None:
    """Add to balances, in the order given, and to the sums of members' accounts. New accounts are declared."""
    sums = _sums_of_members(changes)
    rows = await conn.fetch(
        """
        with given as (
            select * from unnest($1::text[], $2::uuid[], $3::bigint[]) as g(community, account_id, change)),
        changed as (
            insert into balances (community, account_id, amount) select * from given
            on conflict (community, account_id) do update set amount = balances.amount + excluded.amount
            returning account_id, xmax = 0 as created),
        summed as (
            insert into member_sums (community, kind, currency, accounts, amount)
            select community, kind, currency, 0, amount
            from unnest($4::text[], $5::text[], $6::text[], $7::bigint[]) as s(community, kind, currency, amount))
        select account_id from changed where created
        """,
        [account.community for account, _ in changes],
        [account.account_id for account, _ in changes],
        [amount for _, amount in changes],
        *([key[part] for key in sums] for part in range(3)),
        list(sums.values()),
    )
    created = {str(row["account_id"]) for row in rows}
    if created:
        await _add_accounts(conn, [account for account, _ in changes if account.account_id in created], now=now)


def _sums_of_members(changes: Iterable[tuple[Account, int]]) -> dict[tuple[str, str, str], int]:
    """By how much members' accounts together change, by community, kind and currency; no change is not there."""
    sums: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for account, amount in changes:
        if account.owner is not None:
            sums[account.community, account.kind, account.currency] += amount
    return {key: amount for key, amount in sums.items() if amount}


async def _add_accounts(conn: Connection, accounts: Sequence[Account], *, now: datetime) -> None:
    """Declare accounts that had no balance until now, and count those of members."""
    counts = Counter(
        (account.community, account.kind, account.currency) for account in accounts if account.owner is not None
    )
    await conn.execute(
        """
        with declared as (
            insert into accounts (account_id, community, owner, kind, currency)
            select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[])
            on conflict do nothing),
        counts as (
            select * from unnest($6::text[], $7::text[], $8::text[], $9::bigint[])
                as c(community, kind, currency, number)),
        counted as (
            insert into turnovers (community, starts_at, kind, currency, accounts)
            select community, $10, kind, currency, number from counts)
        insert into member_sums (community, kind, currency, accounts, amount)
        select community, kind, currency, number, 0 from counts
        """,
        *(list(column) for column in zip(*accounts, strict=True)),
        *([key[part] for key in counts] for part in range(3)),
        list(counts.values()),
        quarter_of(now),
    )


async def post(
    conn: Connection,
    transfers: Sequence[Transfer],
    *,
    entries: Sequence[Entry],
    now: datetime,
    locked: Collection[Owner] = (),
) -> None:
    """Book new transfers with their entries; members whose points the caller has `locked` are not locked again.

    Raises UnbalancedError and NotNewError when there is a bug: entries that do not sum to zero, or a transfer
    that was booked before.
    """
    if not transfers:
        return
    check_balanced(entries)
    owners = {Owner(entry.account.community, entry.account.owner) for entry in entries if entry.account.owner}
    await lock_members(conn, owners.difference(locked), now=now)
    if await add_transfers(conn, transfers, now=now) is not None:
        raise NotNewError(f"a transfer of kind {transfers[0].kind} was booked before")
    await add_to_balances(conn, deltas(entries), now=now)
    await add_entries(conn, entries, now=now)


#: Locks the balances of accounts, in their order, where all are there; none where one is not.
_LOCK_KNOWN = """
    select b.account_id, b.amount from balances b
    join unnest($1::text[], $2::uuid[]) as g(community, account_id) using (community, account_id)
    where $3 = (
        select count(*) from balances
        join unnest($1::text[], $2::uuid[]) as g(community, account_id) using (community, account_id))
    order by b.account_id for update of b
"""


async def lock_members(conn: Connection, owners: Iterable[Owner], *, now: datetime) -> dict[Owner, int]:
    """Lock the points of members, in one order; return what is available to each, 0 where nothing ever was.

    Accounts that are not there are declared as of `now`.

    Call it once for all whose points a transaction changes: a second call for others would break the order.
    """
    owner_by_account = {member_account(owner, "available").account_id: owner for owner in owners}
    if not owner_by_account:
        return {}
    keys = ([owner.community for owner in owner_by_account.values()], list(owner_by_account))
    # All or none: what is not there cannot be locked, and would be added out of order later.
    rows = await conn.fetch(_LOCK_KNOWN, *keys, len(owner_by_account))
    if not rows:
        accounts = [member_account(owner, "available") for owner in owner_by_account.values()]
        await _lock_or_add(conn, accounts, now=now)
        rows = await conn.fetch(_LOCK_KNOWN, *keys, len(owner_by_account))
    return dict.fromkeys(owner_by_account.values(), 0) | {
        owner_by_account[str(row["account_id"])]: row["amount"] for row in rows
    }


async def _lock_or_add(conn: Connection, accounts: Sequence[Account], *, now: datetime) -> None:
    rows = await conn.fetch(
        """
        insert into balances (community, account_id, amount)
        select g.community, g.account_id, 0 from unnest($1::text[], $2::uuid[]) as g(community, account_id)
        order by g.account_id
        on conflict (community, account_id) do update set amount = balances.amount
        returning account_id, xmax = 0 as created
        """,
        [account.community for account in accounts],
        [account.account_id for account in accounts],
    )
    created = {str(row["account_id"]) for row in rows if row["created"]}
    if created:
        await _add_accounts(conn, [account for account in accounts if account.account_id in created], now=now)


async def fold_sums(conn: Connection, *, limit: int) -> int:
    """Make one of the parts of each sum of members' accounts, of at most `limit` sums; return how many parts went.

    Two that fold at once add up what each took away itself.
    """
    folded: int = await conn.fetchval(
        """
        with many as (
            select community, kind, currency from member_sums
            group by 1, 2, 3 having count(*) > 1 order by count(*) desc limit $1),
        taken as (
            delete from member_sums s using many m
            where s.community = m.community and s.kind = m.kind and s.currency = m.currency
            returning s.community, s.kind, s.currency, s.accounts, s.amount),
        folded as (
            insert into member_sums (community, kind, currency, accounts, amount)
            select community, kind, currency, sum(accounts), sum(amount) from taken group by 1, 2, 3)
        select count(*) from taken
        """,
        limit,
    )
    return folded


async def page_of_statement(
    conn: Connection, owner: Owner, *, span: Span, after: StatementPlace | None, limit: int
) -> list[StatementEntry]:
    """The entries of the accounts of a member and of those merged into it, newest first, after a place."""
    rows = await conn.fetch(
        """
        select a.kind as account, a.account_id, e.amount, e.currency, e.recorded_at, t.transfer_id,
               t.kind, t.cause_id, t.event_time, t.amends, t.revision, t.why
        from accounts a
        cross join lateral (
            select * from entries e
            where e.community = a.community and e.account_id = a.account_id
              -- By the index to the place itself: what is beside it at that moment is left out by the next line.
              and (e.recorded_at, e.transfer_id) <= (
                  coalesce($3::timestamptz, 'infinity'),
                  coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
              and ($3::timestamptz is null
                   or (e.recorded_at, e.transfer_id, e.account_id) < ($3, $4::uuid, $5::uuid))
              and e.recorded_at >= coalesce($7::timestamptz, '-infinity')
              and e.recorded_at < coalesce($8::timestamptz, 'infinity')
            order by e.recorded_at desc, e.transfer_id desc
            limit $6) e
        join transfers t on t.community = e.community and t.transfer_id = e.transfer_id
        where a.community = $1 and a.owner = any(array(
            select $2::uuid union all
            select member_id from merges where community = $1 and head_id = $2))
        order by e.recorded_at desc, e.transfer_id desc, e.account_id desc
        limit $6
        """,
        *owner,
        *(after or (None, None, None)),
        limit,
        *span,
    )
    return [_statement_entry(row) for row in rows]


def _statement_entry(row: Record) -> StatementEntry:
    return StatementEntry(
        account=row["account"],
        account_id=str(row["account_id"]),
        amount=row["amount"],
        currency=row["currency"],
        recorded_at=row["recorded_at"],
        transfer_id=str(row["transfer_id"]),
        kind=row["kind"],
        cause_id=str(row["cause_id"]),
        event_time=row["event_time"],
        amends=str(row["amends"]) if row["amends"] else None,
        revision=row["revision"],
        why=row["why"],
    )
