"""Payout runs, their states, and the sums of their payouts."""

from collections.abc import Sequence

import orjson
from asyncpg import Record

from services.rewards.bank_messages.domain import BankAccount, ordering_of
from services.rewards.payouts.domain import PayoutState
from services.rewards.payouts.runs.domain.runs import PlanCounts, Run, RunPlace, RunState, StateSum
from services.rewards.payouts.runs.domain.terms import PayoutTerms
from services.rewards.payouts.store import actor_of, exchange_text
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.rates.domain.exchange import exchange_of
from shared.postgres import Connection

WORK_LOCK = "work at payout run "


def _run(row: Record) -> Run:
    return Run(
        community=row["community"],
        run_id=str(row["run_id"]),
        state=RunState(row["state"]),
        programme_id=row["programme_id"],
        programme_version=row["programme_version"],
        terms=PayoutTerms(
            *(row["currency"], row["points"], row["minor"], row["minimum_points"]),
            minimum_minor=row["minimum_minor"],
            holding_days=row["holding_days"],
            policy_id=str(row["policy_id"]) if row["policy_id"] else None,
            exchange=exchange_of(orjson.loads(row["exchange"] or "null")),
        ),
        payer=BankAccount(row["payer_name"], row["payer_iban"], row["payer_bic"]),
        execution_days=row["execution_days"],
        ordering=ordering_of(orjson.loads(row["ordering"] or "null")),
        provider=ProviderName(row["provider"]) if row["provider"] else None,
        complete=row["complete"],
        created_at=row["created_at"],
        created_by=actor_of(row["created_by_person"], row["created_by"]),
        decided_at=row["decided_at"],
        decided_by=actor_of(row["decided_by_person"], row["decided_by"]) if row["decided_by"] else None,
        filing_by=actor_of(row["filing_by_person"], row["filing_by"]) if row["filing_by"] else None,
        plan=PlanCounts(row["planned_count"], row["left_payable_count"], row["left_held_count"]),
    )


async def add_run(conn: Connection, run: Run) -> bool:
    """Add a payout run; False when it is there already."""
    done = await conn.execute(
        """
        insert into payout_runs (community, run_id, state, programme_id, programme_version, currency, points,
                                 minor, minimum_points, payer_name, payer_iban, payer_bic, execution_days,
                                 complete, created_at, created_by_person, created_by, planned_count,
                                 left_payable_count, left_held_count, minimum_minor, holding_days, policy_id,
                                 ordering, exchange, provider)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                $22, $23, $24, $25, $26)
        on conflict do nothing
        """,
        run.community,
        run.run_id,
        run.state,
        run.programme_id,
        run.programme_version,
        run.terms.currency,
        run.terms.points,
        run.terms.minor,
        run.terms.minimum_points,
        run.payer.name,
        run.payer.iban,
        run.payer.bic,
        run.execution_days,
        run.complete,
        run.created_at,
        *run.created_by,
        *run.plan,
        run.terms.minimum_minor,
        run.terms.holding_days,
        run.terms.policy_id,
        orjson.dumps(run.ordering.said).decode() if run.ordering.said else None,
        exchange_text(run.terms.exchange),
        run.provider,
    )
    return bool(done.endswith(" 1"))


async def find_run(conn: Connection, *, community: str, run_id: str) -> Run | None:
    """A payout run."""
    row = await conn.fetchrow("select * from payout_runs where community = $1 and run_id = $2", community, run_id)
    return _run(row) if row else None


async def lock_run(conn: Connection, *, community: str, run_id: str) -> Run | None:
    """A payout run, locked against other changes."""
    row = await conn.fetchrow(
        "select * from payout_runs where community = $1 and run_id = $2 for no key update", community, run_id
    )
    return _run(row) if row else None


async def try_to_work_at(conn: Connection, *, run_id: str) -> bool:
    """Be the one who works at a run until the transaction ends; False when somebody else does."""
    done: bool = await conn.fetchval(
        "select pg_try_advisory_xact_lock(hashtextextended($1, 0))", WORK_LOCK + run_id
    )
    return done


async def load_worked_at(conn: Connection, *, limit: int) -> list[Run]:
    """Runs that wait for work, oldest first."""
    rows = await conn.fetch(
        """
        select * from payout_runs where state in ('computing', 'approving', 'filing', 'cancelling')
        order by created_at, run_id limit $1
        """,
        limit,
    )
    return [_run(row) for row in rows]


async def is_any_left(conn: Connection, run: Run, *, states: Sequence[PayoutState]) -> bool:
    """Whether a run has payouts in one of these states."""
    found: bool = await conn.fetchval(
        "select exists (select from payouts where community = $1 and run_id = $2 and state = any($3))",
        run.community,
        run.run_id,
        states,
    )
    return found


async def set_state(conn: Connection, run: Run) -> None:
    """Set a run's state, and who decided it."""
    await conn.execute(
        """
        update payout_runs
        set state = $3, decided_at = $4, decided_by_person = $5, decided_by = $6, filing_by_person = $7,
            filing_by = $8
        where community = $1 and run_id = $2
        """,
        run.community,
        run.run_id,
        run.state,
        run.decided_at,
        *(run.decided_by or (None, None)),
        *(run.filing_by or (None, None)),
    )


async def set_left(conn: Connection, run: Run, *, payable: int, held: int) -> None:
    """Note that so many members who can be paid, and so many who cannot, did not fit into a run, either."""
    await conn.execute(
        """
        update payout_runs
        set left_payable_count = left_payable_count + $3, left_held_count = left_held_count + $4,
            complete = complete and $3 = 0
        where community = $1 and run_id = $2
        """,
        run.community,
        run.run_id,
        payable,
        held,
    )


async def load_taken_minor(conn: Connection, run: Run) -> int:
    """What the payouts of a run that is being computed come to, in minor units."""
    taken: int = await conn.fetchval(
        "select coalesce(sum(amount_minor), 0)::bigint from payouts where community = $1 and run_id = $2",
        run.community,
        run.run_id,
    )
    return taken


async def load_sums(conn: Connection, *, community: str, run_ids: Sequence[str]) -> dict[str, list[StateSum]]:
    """For each run: how many payouts are in each state, their points and minor units."""
    rows = await conn.fetch(
        """
        select run_id, state, count(*) as count, sum(points)::bigint as points,
               sum(amount_minor)::bigint as amount_minor
        from payouts where community = $1 and run_id = any($2::uuid[]) group by 1, 2 order by 1, 2
        """,
        community,
        run_ids,
    )
    sums: dict[str, list[StateSum]] = {}
    for row in rows:
        made = StateSum(PayoutState(row["state"]), row["count"], row["points"], row["amount_minor"])
        sums.setdefault(str(row["run_id"]), []).append(made)
    return sums


async def page_of_runs(
    conn: Connection, *, community: str, state: RunState | None, after: RunPlace | None, limit: int
) -> list[Run]:
    """Runs of a community, or those in one state, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from payout_runs
        where community = $1 and ($2::timestamptz is null or (created_at, run_id) < ($2, $3::uuid))
          and ($4::text is null or state = $4)
        order by created_at desc, run_id desc limit $5
        """,
        community,
        *(after or (None, None)),
        state,
        limit,
    )
    return [_run(row) for row in rows]


async def page_of_all_runs(conn: Connection, *, community: str | None, after: Run | None, limit: int) -> list[Run]:
    """Runs of one community, or of all (None), in the order of their keys, beginning after one."""
    rows = await conn.fetch(
        """
        select * from payout_runs
        where ($1::text is null or community = $1)
          and ($2::text is null or (community, run_id) > ($2, $3::uuid))
        order by community, run_id limit $4
        """,
        community,
        after.community if after else None,
        after.run_id if after else None,
        limit,
    )
    return [_run(row) for row in rows]
