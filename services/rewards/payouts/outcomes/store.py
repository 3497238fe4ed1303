"""Outcomes that two people decide."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from services.rewards.payouts.domain import PayoutState
from services.rewards.payouts.outcomes.domain import Outcome, OutcomeFilter, OutcomePlace, OutcomeState
from services.rewards.payouts.store import actor_of
from shared.postgres import Connection


def _outcome(row: Record) -> Outcome:
    return Outcome(
        community=row["community"],
        outcome_id=str(row["outcome_id"]),
        run_id=str(row["run_id"]),
        outcome=PayoutState(row["outcome"]),
        reason=row["reason"],
        payout_ids=[str(payout_id) for payout_id in row["payout_ids"]],
        state=OutcomeState(row["state"]),
        proposed_at=row["proposed_at"],
        proposed_by=actor_of(row["proposed_by_person"], row["proposed_by"]),
        decided_at=row["decided_at"],
        decided_by=actor_of(row["decided_by_person"], row["decided_by"]) if row["decided_by"] else None,
    )


async def add_outcome(conn: Connection, outcome: Outcome) -> None:
    """Add a proposed outcome."""
    await conn.execute(
        """
        insert into payout_outcomes (community, outcome_id, run_id, outcome, reason, payout_ids, state,
                                     proposed_at, proposed_by_person, proposed_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        outcome.community,
        outcome.outcome_id,
        outcome.run_id,
        outcome.outcome,
        outcome.reason,
        outcome.payout_ids,
        outcome.state,
        outcome.proposed_at,
        *outcome.proposed_by,
    )


async def lock_outcome(conn: Connection, *, community: str, run_id: str, outcome_id: str) -> Outcome | None:
    """An outcome of a run, locked against other decisions."""
    row = await conn.fetchrow(
        "select * from payout_outcomes where community = $1 and run_id = $2 and outcome_id = $3 for update",
        community,
        run_id,
        outcome_id,
    )
    return _outcome(row) if row else None


async def find_outcome(conn: Connection, *, community: str, outcome_id: str) -> Outcome | None:
    """An outcome of any run; None when there is none."""
    row = await conn.fetchrow(
        "select * from payout_outcomes where community = $1 and outcome_id = $2", community, outcome_id
    )
    return _outcome(row) if row else None


async def load_waiting(conn: Connection, *, community: str, run_id: str) -> list[Outcome]:
    """The outcomes of a run that wait for another person; no two of them are about one payout."""
    rows = await conn.fetch(
        """
        select * from payout_outcomes where community = $1 and run_id = $2 and state = 'proposed'
        order by proposed_at, outcome_id
        """,
        community,
        run_id,
    )
    return [_outcome(row) for row in rows]


async def load_clock(conn: Connection) -> datetime:
    """The time just now, and not when the transaction began: after runs were locked, nobody else decides."""
    now: datetime = await conn.fetchval("select clock_timestamp()")
    return now


async def set_decided(conn: Connection, outcome: Outcome) -> None:
    """Set what was decided of an outcome, and by whom."""
    await conn.execute(
        """
        update payout_outcomes set state = $3, decided_at = $4, decided_by_person = $5, decided_by = $6
        where community = $1 and outcome_id = $2
        """,
        outcome.community,
        outcome.outcome_id,
        outcome.state,
        outcome.decided_at,
        *(outcome.decided_by or (None, None)),
    )


async def count_waiting(conn: Connection) -> int:
    """How many outcomes wait for another person, in all communities."""
    count: int = await conn.fetchval("select count(*) from payout_outcomes where state = 'proposed'")
    return count


async def page_of_outcomes(
    conn: Connection, wanted: OutcomeFilter, *, community: str, after: OutcomePlace | None, limit: int
) -> Sequence[Outcome]:
    """Outcomes, newest first, in a state and of a run where given, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from payout_outcomes
        where community = $1 and ($2::text is null or state = $2) and ($3::uuid is null or run_id = $3)
          and ($4::timestamptz is null or (proposed_at, outcome_id) < ($4, $5::uuid))
        order by proposed_at desc, outcome_id desc limit $6
        """,
        community,
        wanted.state,
        wanted.run_id,
        *(after or (None, None)),
        limit,
    )
    return [_outcome(row) for row in rows]
