"""Payout runs and bank files."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from services.rewards.payouts.domain import UNDECIDED_STATES
from shared.postgres import Connection


async def payable_members(
    conn: Connection, community: str, minimum_points: int, limit: int
) -> list[tuple[UUID, int]]:
    """Members and their available points, where those are enough and no open run has a payout for them."""
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
        minimum_points,
        UNDECIDED_STATES,
        limit,
    )
    return [(row["owner"], row["amount"]) for row in rows]


async def add_run(conn: Connection, run: dict[str, Any]) -> None:
    """Add a payout run; the keys are the column names."""
    columns = ", ".join(run)
    places = ", ".join(f"${number}" for number in range(1, len(run) + 1))
    await conn.execute(f"insert into payout_runs ({columns}) values ({places})", *run.values())  # noqa: S608


async def run(conn: Connection, community: str, run_id: UUID, *, lock: bool = False) -> Record | None:
    """A payout run, locked against other changes when asked for."""
    query = "select * from payout_runs where community = $1 and run_id = $2"
    return await conn.fetchrow(query + " for update" if lock else query, community, run_id)


async def decide_run(conn: Connection, community: str, run_id: UUID, state: str, now: datetime, by: str) -> None:
    """Set a run's state, and who decided it."""
    await conn.execute(
        """
        update payout_runs set state = $3,
            decided_at = case when $3 = 'filed' then decided_at else $4 end,
            decided_by = case when $3 = 'filed' then decided_by else $5 end
        where community = $1 and run_id = $2
        """,
        community,
        run_id,
        state,
        now,
        by,
    )


async def run_sums(conn: Connection, community: str, run_ids: Sequence[UUID]) -> dict[UUID, list[Record]]:
    """For each run: state, count, points and minor units of its payouts."""
    rows = await conn.fetch(
        """
        select run_id, state, count(*) as count, sum(points)::bigint as points,
               sum(amount_minor)::bigint as amount_minor
        from payouts where community = $1 and run_id = any($2::uuid[]) group by 1, 2 order by 1, 2
        """,
        community,
        run_ids,
    )
    sums: dict[UUID, list[Record]] = {}
    for row in rows:
        sums.setdefault(row["run_id"], []).append(row)
    return sums


async def page_of_runs(
    conn: Connection, community: str, after: tuple[datetime, UUID] | None, limit: int
) -> list[Record]:
    """Runs, newest first, beginning after one."""
    return list(
        await conn.fetch(
            """
            select * from payout_runs
            where community = $1 and ($2::timestamptz is null or (created_at, run_id) < ($2, $3::uuid))
            order by created_at desc, run_id desc limit $4
            """,
            community,
            *(after or (None, None)),
            limit,
        )
    )


async def add_file(conn: Connection, file: dict[str, Any]) -> None:
    """Store a run's bank file; the keys are the column names."""
    columns = ", ".join(file)
    places = ", ".join(f"${number}" for number in range(1, len(file) + 1))
    await conn.execute(f"insert into payout_files ({columns}) values ({places})", *file.values())  # noqa: S608


async def file(conn: Connection, community: str, run_id: UUID) -> Record | None:
    """A run's bank file with its content."""
    return await conn.fetchrow(
        "select * from payout_files where community = $1 and run_id = $2", community, run_id
    )
