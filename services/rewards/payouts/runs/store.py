"""Payout runs and bank files."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

import orjson
from asyncpg import Record

from services.rewards.bank_messages.domain import BankAccount, ordering_of
from services.rewards.payouts.domain import UNDECIDED_STATES, Part, PayoutState, Rate
from services.rewards.payouts.runs.domain.bank import BankFile
from services.rewards.payouts.runs.domain.runs import (
    Plan,
    PlanCounts,
    Run,
    RunPlace,
    RunState,
    StateSum,
    planned_counts,
)
from services.rewards.payouts.runs.domain.terms import Claim, PayoutTerms, fitting
from services.rewards.payouts.store import actor_of
from services.rewards.providers.domain.contract import ProviderName
from shared.postgres import Connection

WORK_LOCK = "work at payout run "
#: While a run is in one of these, what it holds or can pay is not for another one.
HOLDING_STATES = (RunState.COMPUTING, RunState.OPEN, RunState.APPROVING, RunState.CANCELLING)

#: Payouts that came back from the bank and that no later one pays again, or has paid; one that failed before its
#: file was written has not, and what a run that was decided left held the next one takes up.
_CAME_BACK = """
    p.state in ('returned', 'failed', 'reversed')
    and exists (
        select from payout_changes s
        where s.community = p.community and s.payout_id = p.payout_id and s.state = 'submitted')
    and not exists (
        select from payout_parts t join payouts w using (community, payout_id)
        join payout_runs u on u.community = w.community and u.run_id = w.run_id
        where t.community = p.community and t.returned_payout_id = p.payout_id
          and (w.state in ('accrued', 'eligible', 'approved', 'reserved')
               or w.state = 'held' and u.state in ('computing', 'open', 'approving', 'cancelling')
               or exists (
                   select from payout_changes s
                   where s.community = w.community and s.payout_id = w.payout_id and s.state = 'submitted')))
"""


#: A candidate `a` and all who are merged into it.
_OWN = """any(array(
    select a.owner union all select g.member_id from merges g where g.community = $1 and g.head_id = a.owner))"""


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


async def load_plan(conn: Connection, run: Run, *, now: datetime, most: int, refused: Sequence[str]) -> Plan:
    """Whom a run is to be computed for: at most so many who can be paid, and as many who would be held.

    Fewer where its bank takes fewer in a file.

    Of both those come first who have waited longest: since they last were in a run, or when they never were, since
    they earned the oldest of their points. Points whose time is over, or has not come, do not count; whoever is in
    another run is not chosen. Nobody can pay the members in `refused`.
    """
    unusable = await _load_unusable(conn, run, now=now)
    rows = await conn.fetch(
        f"""
        with owed as (
            select distinct coalesce(g.head_id, p.member_id) as member_id
            from payouts p left join merges g using (community, member_id)
            where p.community = $1 and p.currency = $2 and {_CAME_BACK}),
        paid as (
            select p.member_id, g.head_id
            from payouts p join payout_runs r using (community, run_id)
            left join merges g on g.community = p.community and g.member_id = p.member_id
            where p.community = $1 and p.state = any($4) and r.state = any($5)),
        candidates as (
            select a.owner as member_id, b.amount as points, a.owner in (select member_id from owed) as is_owed,
                   (a.owner in (select member_id from payee_changes where community = $1) or $7::text is not null)
                       and a.owner <> all($6) as is_payable,
                   coalesce(
                       (select max(p.created_at) from payouts p where p.community = $1 and p.member_id = {_OWN}),
                       (select min(l.earned_at) from lots l
                        where l.community = $1 and l.member_id = {_OWN} and l.remaining > 0
                          and l.pending_until is null),
                       '-infinity') as waits_since
            from accounts a join balances b using (community, account_id)
            where a.community = $1 and a.kind = 'available' and a.currency = 'PTS' and b.amount > 0
              and (b.amount >= $3 or a.owner in (select member_id from owed))
              and a.owner not in (
                  select member_id from paid union all select head_id from paid where head_id is not null)
              -- Whoever wants to be paid by a provider is paid by that alone.
              and (select provider from payee_receivers c where c.community = $1 and c.member_id = a.owner
                   order by revision desc limit 1) is not distinct from $7::text)
        select member_id, points, is_owed, is_payable from candidates
        order by is_payable desc, waits_since, member_id
        """,  # noqa: S608 -- a constant
        run.community,
        run.terms.currency,
        run.terms.least_points,
        UNDECIDED_STATES,
        HOLDING_STATES,
        refused,
        run.provider,
    )
    # Subtracted here: the database may expect one candidate, and would add up anew for each of thousands.
    chosen = [
        (str(row["member_id"]), row["is_payable"])
        for row in rows
        if row["is_owed"] or row["points"] - unusable.get(row["member_id"], 0) >= run.terms.least_points
    ]
    payable = [member_id for member_id, is_payable in chosen if is_payable]
    held = [member_id for member_id, is_payable in chosen if not is_payable]
    first, beside = planned_counts(len(payable), len(held), most=most, ordering=run.ordering)
    return Plan([*payable[:first], *held[:beside]], len(payable) - first, len(held) - beside)


async def _load_unusable(conn: Connection, run: Run, *, now: datetime) -> dict[UUID, int]:
    """Points that are available by the books and that no payout of a run can use, by who holds them."""
    rows = await conn.fetch(
        """
        select coalesce(head_id, member_id) as member_id,
               (greatest(coalesce(sum(remaining - owed) filter (where expires_at <= $2), 0) - sum(lacking), 0)
                + coalesce(sum(remaining - owed) filter (
                    where earned_at > $3 and (expires_at is null or expires_at > $2)), 0))::bigint as points
        from lots left join merges using (community, member_id)
        where community = $1 and pending_until is null
          and (expires_at <= $2 and remaining > owed or lacking > 0 or earned_at > $3 and remaining > owed)
        group by 1
        """,
        run.community,
        now,
        run.earned_until,
    )
    return {row["member_id"]: row["points"] for row in rows}


async def add_planned(conn: Connection, run: Run, *, member_ids: Sequence[str]) -> None:
    """Note whom a run is to be computed for, in this order."""
    await conn.copy_records_to_table(
        "payout_run_members",
        columns=("community", "run_id", "place", "member_id"),
        records=[(run.community, run.run_id, place, member_id) for place, member_id in enumerate(member_ids)],
    )


async def take_planned(conn: Connection, run: Run, *, limit: int) -> list[str]:
    """The members whom a run is computed for next; they are taken off its list."""
    rows = await conn.fetch(
        """
        delete from payout_run_members
        where community = $1 and run_id = $2 and place = any(array(
            select place from payout_run_members where community = $1 and run_id = $2 order by place limit $3))
        returning place, member_id
        """,
        run.community,
        run.run_id,
        limit,
    )
    return [str(row["member_id"]) for row in sorted(rows, key=lambda row: int(row["place"]))]


async def delete_planned(conn: Connection, run: Run) -> None:
    """Forget whom a run was still to be computed for."""
    await conn.execute(
        "delete from payout_run_members where community = $1 and run_id = $2", run.community, run.run_id
    )


async def load_unpaid(conn: Connection, *, community: str, member_ids: Sequence[str]) -> list[str]:
    """Those of these members whom no other run is about to pay. Runs must be locked."""
    rows = await conn.fetch(
        """
        with persons as (
            select m.member_id as head_id, m.member_id from unnest($2::uuid[]) as m(member_id)
            union all
            select head_id, member_id from merges where community = $1 and head_id = any($2::uuid[])),
        -- By their ids at once: the run's own payouts, of which there are more with each piece, are not read.
        paid as (
            select p.member_id from payouts p join payout_runs r using (community, run_id)
            where p.community = $1 and p.member_id = any(array(select member_id from persons))
                and p.state = any($3) and r.state = any($4))
        select distinct head_id from persons join paid using (member_id)
        """,
        community,
        member_ids,
        UNDECIDED_STATES,
        HOLDING_STATES,
    )
    paid = {str(row["head_id"]) for row in rows}
    return [member_id for member_id in member_ids if member_id not in paid]


async def load_claims(conn: Connection, run: Run, *, member_ids: Sequence[str]) -> dict[str, Claim]:
    """What came back to these members and is not paid again yet, the oldest first, by member; they are locked."""
    rows = await conn.fetch(
        f"""
        select coalesce(h.head_id, p.member_id) as member_id, p.payout_id, p.points as paid,
               coalesce(t.points, p.computed_points, p.points) as points,
               coalesce(t.amount_minor, p.computed_minor, p.amount_minor) as amount_minor,
               coalesce(t.rate_points, r.points) as rate_points, coalesce(t.rate_minor, r.minor) as rate_minor,
               (select coalesce(sum(l.owed), 0)::bigint from lots l
                where l.community = p.community and l.remaining > 0 and l.member_id = any(array(
                    select coalesce(h.head_id, p.member_id) union all
                    select g.member_id from merges g
                    where g.community = $1 and g.head_id = coalesce(h.head_id, p.member_id)))
                  and l.pending_until is null) as owed
        from payouts p
        join payout_runs r using (community, run_id)
        left join payout_parts t using (community, payout_id)
        left join merges h on h.community = p.community and h.member_id = p.member_id
        where p.community = $1 and coalesce(h.head_id, p.member_id) = any($2::uuid[]) and p.member_id = any(array(
            select unnest($2::uuid[]) union all
            select member_id from merges where community = $1 and head_id = any($2::uuid[])))
            and p.currency = $3 and {_CAME_BACK}
        order by 1, p.created_at, p.payout_id, t.number
        """,  # noqa: S608 -- a constant
        run.community,
        member_ids,
        run.terms.currency,
    )
    claims: dict[str, Claim] = {}
    for member_id, of_member in groupby(rows, key=lambda row: str(row["member_id"])):
        parts: list[Part] = []
        owed = 0
        for payout_id, of_payout in groupby(of_member, key=lambda row: str(row["payout_id"])):
            known = list(of_payout)
            owed = known[0]["owed"]
            parts += fitting([_claimed(row, payout_id) for row in known], known[0]["paid"])
        claims[member_id] = Claim(owed, parts)
    return claims


def _claimed(row: Record, payout_id: str) -> Part:
    return Part(row["points"], row["amount_minor"], Rate(row["rate_points"], row["rate_minor"]), payout_id)


async def add_run(conn: Connection, run: Run) -> bool:
    """Add a payout run; False when it is there already."""
    done = await conn.execute(
        """
        insert into payout_runs (community, run_id, state, programme_id, programme_version, currency, points,
                                 minor, minimum_points, payer_name, payer_iban, payer_bic, execution_days,
                                 complete, created_at, created_by_person, created_by, planned_count,
                                 left_payable_count, left_held_count, minimum_minor, holding_days, policy_id,
                                 ordering, provider)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                $22, $23, $24, $25)
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
