"""Who owes points, and the newest entries of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.rewards.debts.domain import DebtPlace
from shared.postgres import Connection


class Owing(NamedTuple):
    """An account of a member on which so many points are missing."""

    account_id: str
    member_id: str
    points: int


async def page_of_owing(conn: Connection, *, community: str, after: DebtPlace | None, limit: int) -> list[Owing]:
    """Members who owe points, in the order of their accounts' ids, beginning after a place."""
    rows = await conn.fetch(
        """
        select d.account_id, a.owner, -b.amount as points
        from debt_accounts d
        join accounts a using (community, account_id)
        join balances b using (community, account_id)
        where d.community = $1 and b.amount < 0 and ($2::uuid is null or d.account_id > $2)
        order by d.account_id limit $3
        """,
        community,
        *(after or (None,)),
        limit,
    )
    return [Owing(str(row["account_id"]), str(row["owner"]), row["points"]) for row in rows]


async def load_newest_entries(
    conn: Connection, *, community: str, account_ids: Sequence[str], limit: int
) -> dict[str, list[tuple[datetime, int]]]:
    """The newest entries of each account, newest first: when each was booked, and by how much; at most `limit`."""
    rows = await conn.fetch(
        """
        select k.account_id, e.recorded_at, e.amount from unnest($2::uuid[]) as k(account_id)
        cross join lateral (
            select recorded_at, amount from entries
            where community = $1 and account_id = k.account_id
            order by recorded_at desc, transfer_id desc limit $3) e
        """,
        community,
        account_ids,
        limit,
    )
    found: dict[str, list[tuple[datetime, int]]] = {}
    for row in rows:
        found.setdefault(str(row["account_id"]), []).append((row["recorded_at"], row["amount"]))
    return found


async def delete_paid(conn: Connection) -> int:
    """Take accounts out on which nothing is missing any more; return how many are left.

    One that somebody changes just now stays for the next time.
    """
    await conn.execute(
        """
        delete from debt_accounts d using (
            select b.community, b.account_id from debt_accounts p join balances b using (community, account_id)
            where b.amount >= 0 for update of b skip locked) paid
        where d.community = paid.community and d.account_id = paid.account_id
        """
    )
    count: int = await conn.fetchval("select count(*) from debt_accounts")
    return count


async def count_noted_before(conn: Connection, *, before: datetime) -> int:
    """How many accounts have been below zero since before a moment, without a break."""
    count: int = await conn.fetchval("select count(*) from debt_accounts where noted_at < $1", before)
    return count
