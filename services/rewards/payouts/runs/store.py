"""Payout runs and bank files."""

from collections.abc import Sequence

from asyncpg import Record

from services.rewards.bank_messages.domain import BankAccount
from services.rewards.payouts.domain import UNDECIDED_STATES, PayoutState
from services.rewards.payouts.runs.domain.bank import BankFile
from services.rewards.payouts.runs.domain.runs import PayableMember, Run, RunPlace, RunState, StateSum
from services.rewards.payouts.runs.domain.terms import PayoutTerms
from services.rewards.payouts.store import actor_of
from shared.postgres import Connection


def _run(row: Record) -> Run:
    return Run(
        community=row["community"],
        run_id=str(row["run_id"]),
        state=RunState(row["state"]),
        programme_id=row["programme_id"],
        programme_version=row["programme_version"],
        terms=PayoutTerms(row["currency"], row["points"], row["minor"], row["minimum_points"]),
        payer=BankAccount(row["payer_name"], row["payer_iban"], row["payer_bic"]),
        execution_days=row["execution_days"],
        complete=row["complete"],
        created_at=row["created_at"],
        created_by=actor_of(row["created_by_person"], row["created_by"]),
        decided_at=row["decided_at"],
        decided_by=actor_of(row["decided_by_person"], row["decided_by"]) if row["decided_by"] else None,
    )


async def load_payable_members(
    conn: Connection, *, community: str, least_points: int, limit: int
) -> list[PayableMember]:
    """Members with so many points available for whom no open run has a payout."""
    rows = await conn.fetch(
        """
        select a.owner, b.amount from accounts a join balances b using (community, account_id)
        where a.community = $1 and a.kind = 'available' and a.currency = 'PTS' and b.amount >= $2
          and not exists (
              select from payouts p join payout_runs r using (community, run_id)
              where p.community = $1 and p.member_id = a.owner and p.state = any($3) and r.state = 'open')
        order by a.owner limit $4
        """,
        community,
        least_points,
        UNDECIDED_STATES,
        limit,
    )
    return [PayableMember(str(row["owner"]), row["amount"]) for row in rows]


async def add_run(conn: Connection, run: Run) -> None:
    """Add a payout run."""
    await conn.execute(
        """
        insert into payout_runs (community, run_id, state, programme_id, programme_version, currency, points,
                                 minor, minimum_points, payer_name, payer_iban, payer_bic, execution_days,
                                 complete, created_at, created_by_person, created_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
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
    )


async def find_run(conn: Connection, *, community: str, run_id: str) -> Run | None:
    """A payout run."""
    row = await conn.fetchrow("select * from payout_runs where community = $1 and run_id = $2", community, run_id)
    return _run(row) if row else None


async def lock_run(conn: Connection, *, community: str, run_id: str) -> Run | None:
    """A payout run, locked against other changes."""
    row = await conn.fetchrow(
        "select * from payout_runs where community = $1 and run_id = $2 for update", community, run_id
    )
    return _run(row) if row else None


async def set_state(conn: Connection, run: Run) -> None:
    """Set a run's state, and who decided it."""
    await conn.execute(
        """
        update payout_runs set state = $3, decided_at = $4, decided_by_person = $5, decided_by = $6
        where community = $1 and run_id = $2
        """,
        run.community,
        run.run_id,
        run.state,
        run.decided_at,
        *(run.decided_by or (None, None)),
    )


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


async def page_of_runs(conn: Connection, *, community: str, after: RunPlace | None, limit: int) -> list[Run]:
    """Runs, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from payout_runs
        where community = $1 and ($2::timestamptz is null or (created_at, run_id) < ($2, $3::uuid))
        order by created_at desc, run_id desc limit $4
        """,
        community,
        *(after or (None, None)),
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


async def add_file(conn: Connection, file: BankFile) -> None:
    """Store a run's bank file."""
    await conn.execute(
        """
        insert into payout_files (community, run_id, message_id, content, sha256, payment_count, control_sum_minor,
                                  created_at, created_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        file.community,
        file.run_id,
        file.message_id,
        file.content,
        file.sha256,
        file.payment_count,
        file.control_sum_minor,
        file.created_at,
        file.created_by,
    )


async def find_file(conn: Connection, *, community: str, run_id: str) -> BankFile | None:
    """A run's bank file with its content."""
    row = await conn.fetchrow("select * from payout_files where community = $1 and run_id = $2", community, run_id)
    if row is None:
        return None
    return BankFile(
        community=row["community"],
        run_id=str(row["run_id"]),
        message_id=row["message_id"],
        content=row["content"],
        sha256=row["sha256"],
        payment_count=row["payment_count"],
        control_sum_minor=row["control_sum_minor"],
        created_at=row["created_at"],
        created_by=row["created_by"],
    )
