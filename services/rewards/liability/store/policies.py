"""The SQL of policy entries."""

from asyncpg import Record

from services.rewards.liability.domain.policies import (
    Author,
    Basis,
    Estimate,
    Policy,
    PolicyPlace,
    PolicyState,
    PolicyTerms,
    VintageUnit,
)
from shared.postgres import Connection


async def lock_policies(conn: Connection, *, community: str) -> None:
    """Wait until nobody else adds or decides an entry of the community; until the commit nobody else does."""
    await conn.execute("select pg_advisory_xact_lock(hashtext('liability_policies'), hashtext($1))", community)


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
        policy.state,
        policy.proposed_at,
        *policy.proposed_by,
    )


async def set_decision(conn: Connection, policy: Policy) -> None:
    """Set what became of an entry, which is locked."""
    await conn.execute(
        """
        update liability_policies
        set state = $3, decided_at = $4, decided_by_person = $5, decided_by = $6, decided_by_credential = $7
        where community = $1 and policy_id = $2
        """,
        policy.community,
        policy.policy_id,
        policy.state,
        policy.decided_at,
        *(policy.decided_by or (None, None, None)),
    )


async def find_policy(conn: Connection, *, community: str, policy_id: str) -> Policy | None:
    """An entry as it is."""
    row = await conn.fetchrow(
        "select * from liability_policies where community = $1 and policy_id = $2", community, policy_id
    )
    return None if row is None else _policy(row)


async def page_of_policies(
    conn: Connection, *, community: str, state: PolicyState | None, after: PolicyPlace | None, limit: int
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


async def count_proposed(conn: Connection, *, community: str | None) -> int:
    """How many entries wait for another person: of a community, or of all (None)."""
    count: int = await conn.fetchval(
        """
        select count(*) from liability_policies
        where state = 'proposed' and ($1::text is null or community = $1)
        """,
        community,
    )
    return count


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
        state=PolicyState(row["state"]),
        proposed_at=row["proposed_at"],
        proposed_by=_author(row, "proposed_by"),
        decided_at=row["decided_at"],
        decided_by=None if row["decided_at"] is None else _author(row, "decided_by"),
    )


def _author(row: Record, name: str) -> Author:
    person = row[f"{name}_person"]
    return Author(str(person) if person else None, row[name], row[f"{name}_credential"])
