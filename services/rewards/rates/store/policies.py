"""The SQL of policies of rates."""

from datetime import date

from asyncpg import Record

from services.rewards.approvals.domain import ApprovalState, Subject
from services.rewards.approvals.store import approval_of
from services.rewards.rates.domain.policies import (
    RatePolicy,
    RatePolicyPlace,
    RatePolicyTerms,
    RateSource,
)
from shared.postgres import Connection


async def add_policy(conn: Connection, policy: RatePolicy) -> None:
    """Add an entry that somebody proposes."""
    terms = policy.terms
    await conn.execute(
        """
        insert into rate_policies (
            community, policy_id, effective_from, base, source, currencies, units, max_move_basis_points,
            spread_basis_points, max_age_days, state, proposed_at, proposed_by_person, proposed_by,
            proposed_by_credential)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        """,
        policy.community,
        policy.policy_id,
        terms.effective_from,
        terms.base,
        terms.source,
        list(terms.units),
        list(terms.units.values()),
        terms.max_move_basis_points,
        terms.spread_basis_points,
        terms.max_age_days,
        policy.approval.state,
        policy.approval.proposed_at,
        *policy.approval.proposed_by,
    )


async def find_policy(conn: Connection, *, community: str, policy_id: str) -> RatePolicy | None:
    """An entry as it is."""
    row = await conn.fetchrow(
        "select * from rate_policies where community = $1 and policy_id = $2", community, policy_id
    )
    return None if row is None else _policy(row)


async def page_of_policies(
    conn: Connection,
    *,
    community: str,
    state: ApprovalState | None,
    after: RatePolicyPlace | None,
    limit: int,
) -> list[RatePolicy]:
    """Entries, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from rate_policies
        where community = $1 and ($2::text is null or state = $2)
          and ($3::timestamptz is null or (proposed_at, policy_id) < ($3, $4::uuid))
        order by proposed_at desc, policy_id desc limit $5
        """,
        community,
        state,
        *(after or (None, None)),
        limit,
    )
    return [_policy(row) for row in rows]


async def find_applying(conn: Connection, *, community: str, day: date) -> RatePolicy | None:
    """The approved entry that applies on a day: the latest that had begun, of two the later approved."""
    row = await conn.fetchrow(
        """
        select * from rate_policies
        where community = $1 and state = 'approved' and effective_from <= $2
        order by effective_from desc, decided_at desc, policy_id desc limit 1
        """,
        community,
        day,
    )
    return None if row is None else _policy(row)


async def count_stale(conn: Connection, *, day: date, community: str | None) -> int:
    """How many communities with a policy in force have rates that are too old on a day, by the files of now.

    Of a community, or of all (None).
    """
    count: int = await conn.fetchval(
        """
        select count(*) from (
            select distinct on (community) * from rate_policies
            where state = 'approved' and effective_from <= $1 and ($2::text is null or community = $2)
            order by community, effective_from desc, decided_at desc, policy_id desc) p
        where coalesce(
            case when p.source = 'table' then p.effective_from else (
                select max(s.day) from rate_sheets s where s.community = p.community and s.base = p.base)
            end + p.max_age_days < $1, true)
        """,
        day,
        community,
    )
    return count


def _policy(row: Record) -> RatePolicy:
    return RatePolicy(
        community=row["community"],
        policy_id=str(row["policy_id"]),
        terms=RatePolicyTerms(
            effective_from=row["effective_from"],
            base=row["base"],
            source=RateSource(row["source"]),
            units=dict(zip(row["currencies"], row["units"], strict=True)),
            max_move_basis_points=row["max_move_basis_points"],
            spread_basis_points=row["spread_basis_points"],
            max_age_days=row["max_age_days"],
        ),
        approval=approval_of(row, subject=Subject.RATE_POLICY),
    )
