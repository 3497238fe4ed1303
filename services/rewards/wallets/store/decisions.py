"""Decisions about wallets, and which spending takes which wallet."""

from asyncpg import Record

from services.rewards.wallets.domain.decisions import (
    Assignment,
    Decision,
    DecisionKind,
    DecisionPlace,
    DecisionState,
    Proposal,
    Spends,
)
from services.rewards.wallets.store.wallets import actor_of
from shared.postgres import Connection


def _decision(row: Record) -> Decision:
    return Decision(
        community=row["community"],
        decision_id=str(row["decision_id"]),
        wallet_id=str(row["wallet_id"]),
        proposal=Proposal(
            kind=DecisionKind(row["kind"]),
            reason=row["reason"],
            to_wallet_id=str(row["to_wallet_id"]) if row["to_wallet_id"] else None,
            amount=row["amount"],
            spends=Spends(row["spends"]) if row["spends"] else None,
            reward_id=row["reward_id"],
            unit_cost=row["unit_cost"],
        ),
        state=DecisionState(row["state"]),
        proposed_at=row["proposed_at"],
        proposed_by=actor_of(row["proposed_by_person"], row["proposed_by"]),
        decided_at=row["decided_at"],
        decided_by=actor_of(row["decided_by_person"], row["decided_by"]) if row["decided_by"] else None,
    )


async def add_decision(conn: Connection, decision: Decision) -> bool:
    """Add a decision; False when it is there already, and stays."""
    proposal = decision.proposal
    status: str = await conn.execute(
        """
        insert into wallet_decisions (community, decision_id, wallet_id, kind, to_wallet_id, amount, spends,
                                      reward_id, unit_cost, reason, state, proposed_at, proposed_by_person,
                                      proposed_by, decided_at, decided_by_person, decided_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        on conflict do nothing
        """,
        decision.community,
        decision.decision_id,
        decision.wallet_id,
        proposal.kind,
        proposal.to_wallet_id,
        proposal.amount,
        proposal.spends,
        proposal.reward_id,
        proposal.unit_cost,
        proposal.reason,
        decision.state,
        decision.proposed_at,
        *decision.proposed_by,
        decision.decided_at,
        *(decision.decided_by or (None, None)),
    )
    return status != "INSERT 0 0"


async def set_decision(conn: Connection, decision: Decision) -> None:
    """Set what became of a decision, and by whom."""
    await conn.execute(
        """
        update wallet_decisions set state = $3, decided_at = $4, decided_by_person = $5, decided_by = $6
        where community = $1 and decision_id = $2
        """,
        decision.community,
        decision.decision_id,
        decision.state,
        decision.decided_at,
        *(decision.decided_by or (None, None)),
    )


async def find_decision(conn: Connection, *, community: str, decision_id: str) -> Decision | None:
    """A decision; None when there is none."""
    row = await conn.fetchrow(
        "select * from wallet_decisions where community = $1 and decision_id = $2", community, decision_id
    )
    return _decision(row) if row else None


async def lock_decision(conn: Connection, *, community: str, decision_id: str) -> Decision | None:
    """A decision, locked against others who decide it; None when there is none."""
    row = await conn.fetchrow(
        "select * from wallet_decisions where community = $1 and decision_id = $2 for update",
        community,
        decision_id,
    )
    return _decision(row) if row else None


async def count_decisions_waiting(conn: Connection, *, community: str | None) -> int:
    """How many decisions wait for another person: in a community, or (None) in all."""
    count: int = await conn.fetchval(
        """
        select count(*) from wallet_decisions
        where state = 'proposed' and ($1::text is null or community = $1)
        """,
        community,
    )
    return count


async def page_of_decisions(
    conn: Connection,
    *,
    community: str,
    wallet_id: str | None,
    state: DecisionState | None,
    after: DecisionPlace | None,
    limit: int,
) -> list[Decision]:
    """Decisions, newest first, of a wallet and in a state where given, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from wallet_decisions
        where community = $1 and ($2::uuid is null or wallet_id = $2 or to_wallet_id = $2)
          and ($3::text is null or state = $3)
          and ($4::timestamptz is null or (proposed_at, decision_id) < ($4, $5::uuid))
        order by proposed_at desc, decision_id desc limit $6
        """,
        community,
        wallet_id,
        state,
        *(after or (None, None)),
        limit,
    )
    return [_decision(row) for row in rows]


async def put_assignment(conn: Connection, assignment: Assignment) -> None:
    """Have something paid from a wallet from now on, instead of the one before."""
    await conn.execute(
        """
        insert into wallet_assignments (community, spends, reward_id, currency, wallet_id, unit_cost, campaign_id)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (community, spends, reward_id, currency, campaign_id) do update
        set wallet_id = excluded.wallet_id, unit_cost = excluded.unit_cost
        """,
        *assignment,
    )


async def delete_assignments(
    conn: Connection,
    *,
    community: str,
    wallet_id: str,
    spends: Spends | None = None,
    reward_id: str | None = None,
) -> int:
    """Have nothing of that kind paid from a wallet any more (None: of any kind); how many there were."""
    status: str = await conn.execute(
        """
        delete from wallet_assignments
        where community = $1 and wallet_id = $2 and ($3::text is null or (spends = $3 and reward_id = $4))
        """,
        community,
        wallet_id,
        spends,
        reward_id or "",
    )
    return int(status.rsplit(" ", 1)[-1])


async def load_assignments(conn: Connection, *, community: str, spends: Spends | None = None) -> list[Assignment]:
    """What is paid from wallets: of one kind, or (None) of all."""
    rows = await conn.fetch(
        """
        select * from wallet_assignments where community = $1 and ($2::text is null or spends = $2)
        order by spends, reward_id, currency, campaign_id
        """,
        community,
        spends,
    )
    return [
        Assignment(
            row["community"],
            Spends(row["spends"]),
            row["reward_id"],
            row["currency"],
            str(row["wallet_id"]),
            row["unit_cost"],
            row["campaign_id"],
        )
        for row in rows
    ]
