"""The SQL of policy entries."""

from asyncpg import Record

from services.rewards.approvals.domain import ApprovalState, Subject
from services.rewards.approvals.store import approval_of
from services.rewards.liability.domain.policies import (
    Basis,
    Estimate,
    Policy,
    PolicyPlace,
    PolicyTerms,
    VintageUnit,
)
from shared.postgres import Connection


async def add_policy(conn: Connection, policy: Policy) -> None:
    """Add an entry that somebody proposes."""
    terms = policy.terms
    await conn.execute(
        """
        insert into liability_policies (
            community, policy_id, effective_from, currency, basis, minor_per_point, estimate, expected_redemption,
            vintage_unit, state, proposed_at, proposed_by_person, proposed_by, proposed_by_credential)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        policy.community,
        policy.policy_id,
        terms.effective_from,
        terms.currency,
        terms.basis,
        terms.minor_per_point,
        terms.estimate,
        terms.expected_redemption,
        terms.vintage_unit,
        policy.approval.state,
        policy.approval.proposed_at,
        *policy.approval.proposed_by,
    )


async def find_policy(conn: Connection, *, community: str, policy_id: str) -> Policy | None:
    """An entry as it is."""
    row = await conn.fetchrow(
        "select * from liability_policies where community = $1 and policy_id = $2", community, policy_id
    )
    return None if row is None else _policy(row)


async def page_of_policies(
    conn: Connection, *, community: str, state: ApprovalState | None, after: PolicyPlace | None, limit: int
) -> list[Policy]:
    """Entries, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from liability_policies
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


async def load_approved(conn: Connection, *, community: str) -> list[Policy]:
    """All entries that were approved."""
    rows = await conn.fetch(
        "select * from liability_policies where community = $1 and state = 'approved'", community
    )
    return [_policy(row) for row in rows]


def _policy(row: Record) -> Policy:
    return Policy(
        community=row["community"],
        policy_id=str(row["policy_id"]),
        terms=PolicyTerms(
            effective_from=row["effective_from"],
            currency=row["currency"],
            basis=Basis(row["basis"]),
            minor_per_point=row["minor_per_point"],
            estimate=Estimate(row["estimate"]),
            expected_redemption=row["expected_redemption"],
            vintage_unit=VintageUnit(row["vintage_unit"]),
        ),
        approval=approval_of(row, subject=Subject.LIABILITY_POLICY),
    )
