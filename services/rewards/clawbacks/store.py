"""The SQL of clawback policies, and of what they were applied to."""

from collections.abc import Collection, Iterable, Sequence

from asyncpg import Record

from services.rewards.approvals.domain import ApprovalState, Subject
from services.rewards.approvals.store import approval_of
from services.rewards.clawbacks.domain import Clawback, ClawbackPolicy, ClawbackPolicyPlace, Treatment
from shared.postgres import Connection


async def add_policy(conn: Connection, policy: ClawbackPolicy) -> None:
    """Add an entry that somebody proposes."""
    await conn.execute(
        """
        insert into clawback_policies (
            community, policy_id, effective_from, treatment, below_points, state, proposed_at, proposed_by_person,
            proposed_by, proposed_by_credential)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        policy.community,
        policy.policy_id,
        policy.effective_from,
        policy.treatment,
        policy.below_points,
        policy.approval.state,
        policy.approval.proposed_at,
        *policy.approval.proposed_by,
    )


async def find_policy(conn: Connection, *, community: str, policy_id: str) -> ClawbackPolicy | None:
    """An entry as it is."""
    row = await conn.fetchrow(
        "select * from clawback_policies where community = $1 and policy_id = $2", community, policy_id
    )
    return None if row is None else _policy(row)


async def page_of_policies(
    conn: Connection,
    *,
    community: str,
    state: ApprovalState | None,
    after: ClawbackPolicyPlace | None,
    limit: int,
) -> list[ClawbackPolicy]:
    """Entries, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from clawback_policies
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


async def load_approved(conn: Connection, *, communities: Iterable[str]) -> dict[str, list[ClawbackPolicy]]:
    """All entries of communities that were approved, by community; of one that has none there are none."""
    rows = await conn.fetch(
        "select * from clawback_policies where community = any($1::text[]) and state = 'approved'",
        list(communities),
    )
    found: dict[str, list[ClawbackPolicy]] = {}
    for row in rows:
        found.setdefault(row["community"], []).append(_policy(row))
    return found


async def add_clawbacks(conn: Connection, clawbacks: Sequence[Clawback]) -> frozenset[str]:
    """Note of transfers that took back points that were used what became of those; return which were new."""
    rows = await conn.fetch(
        """
        insert into clawbacks (community, transfer_id, policy_id, used_points, kept_points)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[])
        on conflict do nothing returning transfer_id
        """,
        *(list(column) for column in zip(*clawbacks, strict=True)),
    )
    return frozenset(str(row["transfer_id"]) for row in rows)


async def load_clawbacks(conn: Connection, keys: Collection[tuple[str, str]]) -> dict[str, Clawback]:
    """What is noted of transfers, each given by its community and id, by these ids."""
    rows = await conn.fetch(
        """
        select c.* from clawbacks c
        join unnest($1::text[], $2::uuid[]) as k(community, transfer_id) using (community, transfer_id)
        """,
        [community for community, _ in keys],
        [transfer_id for _, transfer_id in keys],
    )
    return {str(row["transfer_id"]): _clawback(row) for row in rows}


async def find_clawback(conn: Connection, *, community: str, transfer_id: str) -> Clawback | None:
    """What became of the used points that a transfer took back; None where it took none."""
    row = await conn.fetchrow(
        "select * from clawbacks where community = $1 and transfer_id = $2", community, transfer_id
    )
    return None if row is None else _clawback(row)


def _clawback(row: Record) -> Clawback:
    policy_id = str(row["policy_id"]) if row["policy_id"] else None
    return Clawback(row["community"], str(row["transfer_id"]), policy_id, row["used_points"], row["kept_points"])


def _policy(row: Record) -> ClawbackPolicy:
    return ClawbackPolicy(
        community=row["community"],
        policy_id=str(row["policy_id"]),
        effective_from=row["effective_from"],
        treatment=Treatment(row["treatment"]),
        below_points=row["below_points"],
        approval=approval_of(row, subject=Subject.CLAWBACK_POLICY),
    )
