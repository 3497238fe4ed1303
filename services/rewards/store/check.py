"""Is the ledger right? Everything derived is computed again from what is never changed."""

from dataclasses import dataclass, field

from asyncpg import Record

from shared.postgres import Connection

FINDINGS_MAX_COUNT = 100


@dataclass
class Findings:
    """What a check looked at and what it found wrong; lists hold at most FINDINGS_MAX_COUNT."""

    entries_count: int
    sums: list[Record]
    unbalanced: list[Record] = field(default_factory=list)
    balances: list[Record] = field(default_factory=list)
    lots: list[Record] = field(default_factory=list)

    @property
    def differences(self) -> int:
        """How many things are wrong (as far as they are listed)."""
        off = sum(1 for row in self.sums if row["total"] != 0)
        return off + len(self.unbalanced) + len(self.balances) + len(self.lots)


async def check_ledger(conn: Connection, community: str | None) -> Findings:
    """Compare transfers, entries, balances and lots of one community, or of all.

    Call it in a transaction that is at least repeatable read, so that all parts see one moment.
    """
    sums = await conn.fetch(
        """
        select currency, count(*) as entries, sum(amount)::bigint as total from entries
        where $1::text is null or community = $1 group by 1 order by 1
        """,
        community,
    )
    return Findings(
        entries_count=sum(row["entries"] for row in sums),
        sums=list(sums),
        unbalanced=list(await conn.fetch(_UNBALANCED, community, FINDINGS_MAX_COUNT)),
        balances=list(await conn.fetch(_BALANCES, community, FINDINGS_MAX_COUNT)),
        lots=list(await conn.fetch(_LOTS, community, FINDINGS_MAX_COUNT)),
    )


#: Transfers whose entries do not sum to zero, and transfers without any entry.
_UNBALANCED = """
    select community, transfer_id, e.currency, coalesce(e.total, 0)::bigint as total
    from (select * from transfers where $1::text is null or community = $1) t
    left join (
        select community, transfer_id, currency, sum(amount) as total from entries
        where $1::text is null or community = $1 group by 1, 2, 3) e using (community, transfer_id)
    where e.total is null or e.total <> 0
    limit $2
"""

#: Balances that differ from the sum of their entries, and accounts that are not declared.
_BALANCES = """
    select community, account_id, a.owner, a.kind, a.currency,
           coalesce(b.amount, 0) as balance, coalesce(e.total, 0)::bigint as entries
    from (select * from balances where $1::text is null or community = $1) b
    full join (
        select community, account_id, sum(amount) as total from entries
        where $1::text is null or community = $1 group by 1, 2) e using (community, account_id)
    left join accounts a using (community, account_id)
    where coalesce(b.amount, 0) <> coalesce(e.total, 0) or a.kind is null
    limit $2
"""

#: Members whose lots do not hold what is pending, or what is available (nothing when that is below zero).
_LOTS = """
    select coalesce(h.community, l.community) as community, coalesce(h.owner, l.member_id) as member_id,
           coalesce(h.kind, l.kind) as kind, coalesce(h.amount, 0) as balance,
           coalesce(l.remaining, 0)::bigint as remaining
    from (
        select a.community, a.owner, a.kind, b.amount
        from accounts a join balances b using (community, account_id)
        where a.kind in ('pending', 'available') and a.currency = 'PTS' and ($1::text is null or community = $1)) h
    full join (
        select community, member_id, sum(remaining) as remaining,
               case when pending_until is null then 'available' else 'pending' end as kind
        from lots where $1::text is null or community = $1
        group by community, member_id, case when pending_until is null then 'available' else 'pending' end) l
      on l.community = h.community and l.member_id = h.owner and l.kind = h.kind
    where greatest(coalesce(h.amount, 0), 0) <> coalesce(l.remaining, 0)
    limit $2
"""
