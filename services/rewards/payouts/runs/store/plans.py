"""Whom a run is computed for, and what is owed to them."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from asyncpg import Record

from services.rewards.payouts.domain import UNDECIDED_STATES, Part
from services.rewards.payouts.runs.domain.rails import Chosen
from services.rewards.payouts.runs.domain.runs import Plan, Run, RunState, planned_counts
from services.rewards.payouts.runs.domain.terms import Claim, fitting
from services.rewards.payouts.store import rate_of
from services.rewards.providers.domain.contract import ProviderName
from shared.postgres import Connection

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


async def load_plan(
    conn: Connection, run: Run, *, now: datetime, most: int, refused: Sequence[str], elsewhere: Sequence[str] = ()
) -> Plan:
    """Whom a run is to be computed for: at most so many who can be paid, and as many who would be held.

    Fewer where its bank takes fewer in a file.

    Of both those come first who have waited longest: since they last were in a run, or when they never were, since
    they earned the oldest of their points. Points whose time is over, or has not come, do not count; whoever is in
    another run is not chosen. Nobody can pay the members in `refused`.

    A run in another currency than the programme's price is for those who chose it, and one in that for all but
    those who chose one of `elsewhere`.
    """
    unusable = await _load_unusable(conn, run, now=now)
    rows = await conn.fetch(
        f"""
        with chose as materialized (
            select distinct on (member_id) member_id, currency from payee_changes
            where community = $1 order by member_id, revision desc),
        owed as (
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
                   (a.owner in (select member_id from payee_changes where community = $1) or $9::text is not null)
                       and a.owner <> all($6) as is_payable,
                   coalesce(
                       (select max(p.created_at) from payouts p where p.community = $1 and p.member_id = {_OWN}),
                       (select min(l.earned_at) from lots l
                        where l.community = $1 and l.member_id = {_OWN} and l.remaining > 0
                          and l.pending_until is null),
                       '-infinity') as waits_since
            from accounts a join balances b using (community, account_id)
            where a.community = $1 and a.kind = 'available' and a.currency = 'PTS' and b.amount > 0
              and (not $7 or a.owner in (select member_id from chose where currency = $2))
              and (cardinality($8::text[]) = 0
                   or a.owner not in (select member_id from chose where currency = any($8)))
              and (b.amount >= $3 or a.owner in (select member_id from owed))
              and a.owner not in (
                  select member_id from paid union all select head_id from paid where head_id is not null)
              -- Whoever wants to be paid by a provider is paid by that alone.
              and (select provider from payee_receivers c where c.community = $1 and c.member_id = a.owner
                   order by revision desc limit 1) is not distinct from $9::text)
        select member_id, points, is_owed, is_payable from candidates
        order by is_payable desc, waits_since, member_id
        """,  # noqa: S608 -- a constant
        run.community,
        run.terms.currency,
        run.terms.least_points,
        UNDECIDED_STATES,
        HOLDING_STATES,
        refused,
        run.terms.exchange is not None,
        elsewhere,
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


async def load_chosen(conn: Connection, *, community: str) -> set[Chosen]:
    """By what members who have points want to be paid, each once."""
    rows = await conn.fetch(
        """
        with by_provider as (
            select distinct on (member_id) member_id, provider from payee_receivers
            where community = $1 order by member_id, revision desc),
        by_bank as (
            select distinct on (member_id) member_id, currency from payee_changes
            where community = $1 order by member_id, revision desc)
        select distinct r.provider, case when r.provider is null then p.currency end as currency
        from accounts a join balances b using (community, account_id)
        left join by_provider r on r.member_id = a.owner left join by_bank p on p.member_id = a.owner
        where a.community = $1 and a.kind = 'available' and a.currency = 'PTS' and b.amount > 0
          and (r.provider is not null or p.currency is not null)
        """,
        community,
    )
    return {Chosen(ProviderName(row["provider"]) if row["provider"] else None, row["currency"]) for row in rows}


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
               case when t.payout_id is null then r.exchange else t.rate_exchange end as exchange,
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
    return Part(row["points"], row["amount_minor"], rate_of(row), payout_id)
