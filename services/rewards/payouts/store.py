"""Payouts and their history."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson
from asyncpg import Record

from services.rewards.bank_messages.domain import BankAccount
from services.rewards.payouts.domain import (
    Actor,
    Agreed,
    Change,
    Computed,
    Part,
    PastChange,
    PayeeSet,
    Payout,
    PayoutFilter,
    PayoutPlace,
    PayoutState,
    Rate,
    Traced,
)
from services.rewards.rates.domain.exchange import Exchange, exchange_of
from shared.postgres import Connection

RUN_LOCK = "payout runs of "


def payout_of(row: Record) -> Payout:
    """A payout, of all columns of its row."""
    return Payout(
        community=row["community"],
        payout_id=str(row["payout_id"]),
        run_id=str(row["run_id"]),
        member_id=str(row["member_id"]),
        state=PayoutState(row["state"]),
        points=row["points"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        end_to_end_id=row["end_to_end_id"],
        payee=BankAccount(row["payee_name"], row["iban"], row["bic"], row["payee_reference"])
        if row["iban"]
        else None,
        reason=row["reason"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        payee_set=_payee_set(row),
        computed=Computed(row["computed_points"], row["computed_minor"]) if row["computed_points"] else None,
        receiver_id=str(row["receiver_id"]) if row["receiver_id"] else None,
        exchange=exchange_of(orjson.loads(row["exchange"] or "null")),
    )


def _payee_set(row: Record) -> PayeeSet | None:
    if row["payee_revision"] is None:
        return None
    actor = actor_of(row["payee_changed_by_person"], row["payee_changed_by"])
    return PayeeSet(row["payee_revision"], row["payee_changed_at"], actor)


def actor_of(person_id: UUID | None, credential: str) -> Actor:
    """Who did something, as two columns of a row have it."""
    return Actor(None if person_id is None else str(person_id), credential)


def rate_of(row: Record) -> Rate:
    """A rate, as the columns rate_points, rate_minor and exchange have it."""
    return Rate(row["rate_points"], row["rate_minor"], exchange_of(orjson.loads(row["exchange"] or "null")))


def exchange_text(exchange: Exchange | None) -> str | None:
    """A kept rate as a column has it."""
    return None if exchange is None else orjson.dumps(exchange.said).decode()


async def lock_runs(conn: Connection, community: str) -> None:
    """Let one transaction at a time make or decide payout runs of a community; held until it ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", RUN_LOCK + community)


async def lock_left_held(conn: Connection, *, community: str, member_ids: Sequence[str]) -> list[Payout]:
    """Payouts of these members, and of those merged into them, that stayed held when their run was decided."""
    rows = await conn.fetch(
        """
        select p.* from payouts p join payout_runs r using (community, run_id)
        where p.community = $1 and p.state = 'held' and p.member_id = any(array(
              select unnest($2::uuid[]) union all
              select member_id from merges where community = $1 and head_id = any($2::uuid[])))
          and r.state not in ('computing', 'open', 'approving')
        order by p.payout_id for update of p
        """,
        community,
        member_ids,
    )
    return [payout_of(row) for row in rows]


async def load_held_of_member(conn: Connection, *, community: str, member_id: str) -> list[Payout]:
    """The member's held payout in a run by bank that is still open. Whoever changes it has locked runs."""
    rows = await conn.fetch(
        """
        select p.* from payouts p join payout_runs r using (community, run_id)
        where p.community = $1 and p.member_id = $2 and p.state = 'held' and r.state = 'open'
          and r.provider is null
        """,
        community,
        member_id,
    )
    return [payout_of(row) for row in rows]


async def lock_payouts(
    conn: Connection,
    *,
    community: str,
    run_id: str,
    states: Sequence[PayoutState],
    only: Sequence[str] | None = None,
    limit: int | None = None,
) -> list[Payout]:
    """A run's payouts in these states, or those of `only`, in id order: the first ones with a `limit`."""
    if only is None:
        # A state at a time, each by the index in id order: a piece costs the same of a long run as of a short one.
        only = await conn.fetchval(
            """
            select array(
                select f.payout_id
                from unnest($3::text[]) as s(state)
                cross join lateral (
                    select payout_id from payouts
                    where community = $1 and run_id = $2 and state = s.state
                    order by payout_id limit $4) f
                order by f.payout_id limit $4)
            """,
            community,
            run_id,
            states,
            limit,
        )
    rows = await conn.fetch(
        """
        select * from payouts
        -- By their ids, whatever is known of how many a run has: of one that is new that is nothing.
        where community = $1 and payout_id = any($2::uuid[]) and run_id is not distinct from $3
          and (state = any($4)) is true
        order by payout_id for update
        """,
        community,
        only,
        run_id,
        states,
    )
    return [payout_of(row) for row in rows]


async def load_payouts(conn: Connection, *, community: str, run_id: str) -> list[Payout]:
    """All of a run's payouts, in id order."""
    rows = await conn.fetch(
        "select * from payouts where community = $1 and run_id = $2 order by payout_id", community, run_id
    )
    # A second of 100,000: meanwhile others are served.
    return await asyncio.to_thread(lambda: [payout_of(row) for row in rows])


async def add_payouts(conn: Connection, payouts: Sequence[Payout]) -> None:
    """Add new payouts."""
    columns = (
        "community",
        "payout_id",
        "run_id",
        "member_id",
        "state",
        "points",
        "amount_minor",
        "currency",
        "end_to_end_id",
        "payee_name",
        "iban",
        "bic",
        "payee_reference",
        "exchange",
        "reason",
        "created_at",
        "changed_at",
        *("payee_revision", "payee_changed_at", "payee_changed_by_person", "payee_changed_by", "receiver_id"),
    )
    await conn.copy_records_to_table(
        "payouts",
        columns=columns,
        records=[
            (
                payout.community,
                payout.payout_id,
                payout.run_id,
                payout.member_id,
                payout.state,
                payout.points,
                payout.amount_minor,
                payout.currency,
                payout.end_to_end_id,
                *(
                    (payout.payee.name, payout.payee.iban, payout.payee.bic, payout.payee.reference)
                    if payout.payee
                    else (None,) * 4
                ),
                exchange_text(payout.exchange),
                payout.reason,
                payout.created_at,
                payout.changed_at,
                *((*payout.payee_set[:2], *payout.payee_set.changed_by) if payout.payee_set else (None,) * 4),
                payout.receiver_id,
            )
            for payout in payouts
        ],
    )


async def set_payee(conn: Connection, payout: Payout, *, revision: int) -> bool:
    """Give a payout that is held in an open run the bank details it will be paid to; whether it was one."""
    changed: bool = await conn.fetchval(
        "select set_payee_of_held_payout($1, $2, $3)", payout.community, payout.payout_id, revision
    )
    return changed


async def set_payee_read_back(conn: Connection, payout: Payout, *, revision: int) -> None:
    """Give a payout that was read back the bank details that it was paid to."""
    await conn.execute(
        "select set_payee_of_payout_read_back($1, $2, $3)", payout.community, payout.payout_id, revision
    )


async def add_parts(conn: Connection, payouts: Sequence[Payout]) -> None:
    """Note what payouts are made of that pay what came back."""
    await conn.copy_records_to_table(
        "payout_parts",
        columns=(
            "community",
            "payout_id",
            "number",
            "points",
            "amount_minor",
            "rate_points",
            "rate_minor",
            "rate_exchange",
            "returned_payout_id",
        ),
        records=[
            (
                payout.community,
                payout.payout_id,
                number,
                part.points,
                part.amount_minor,
                part.rate.points,
                part.rate.minor,
                exchange_text(part.rate.exchange),
                part.returned_payout_id,
            )
            for payout in payouts
            for number, part in enumerate(payout.parts, 1)
        ],
    )


async def load_parts(conn: Connection, payouts: Sequence[Payout]) -> dict[str, list[Part]]:
    """What payouts were computed of, by payout; those that are all at their run's rate have one part."""
    rows = await conn.fetch(
        """
        select p.payout_id, coalesce(t.points, p.computed_points, p.points) as points,
               coalesce(t.amount_minor, p.computed_minor, p.amount_minor) as amount_minor,
               coalesce(t.rate_points, r.points) as rate_points, coalesce(t.rate_minor, r.minor) as rate_minor,
               case when t.payout_id is null then r.exchange else t.rate_exchange end as exchange,
               t.returned_payout_id
        from unnest($1::text[], $2::uuid[]) as k(community, payout_id)
        join payouts p using (community, payout_id)
        join payout_runs r using (community, run_id)
        left join payout_parts t using (community, payout_id)
        order by p.payout_id, t.number
        """,
        [payout.community for payout in payouts],
        [payout.payout_id for payout in payouts],
    )
    parts: dict[str, list[Part]] = {}
    for row in rows:
        parts.setdefault(str(row["payout_id"]), []).append(_part(row))
    return parts


def _part(row: Record) -> Part:
    returned = row["returned_payout_id"]
    rate = rate_of(row)
    return Part(row["points"], row["amount_minor"], rate, str(returned) if returned else None)


async def reduce_payout(conn: Connection, payout: Payout) -> bool:
    """Let a payout pay less than it was computed as; False when it cannot any more."""
    done: bool = await conn.fetchval(
        "select reduce_payout($1, $2, $3, $4)",
        payout.community,
        payout.payout_id,
        payout.points,
        payout.amount_minor,
    )
    return done


async def set_states(conn: Connection, changes: Sequence[Change], *, now: datetime) -> None:
    """Bring payouts into their wanted states; `add_changes` notes who did."""
    await conn.execute(
        """
        update payouts p set state = c.state, reason = c.reason, changed_at = $5
        from unnest($1::text[], $2::uuid[], $3::text[], $4::text[]) as c(community, payout_id, state, reason)
        where p.community = c.community and p.payout_id = c.payout_id
        """,
        *_columns(changes),
        now,
    )


async def add_changes(
    conn: Connection, changes: Sequence[Change], *, now: datetime, by: Actor, outcome: Agreed | None = None
) -> None:
    """Note that payouts reached their wanted states, who brought them there, and by which outcome."""
    await conn.execute(
        """
        insert into payout_changes (community, payout_id, state, reason, changed_at, changed_by_person, changed_by,
                                    outcome_id, proposed_by_person)
        select *, $5, $6::text::uuid, $7, $8::text::uuid, $9::text::uuid
        from unnest($1::text[], $2::uuid[], $3::text[], $4::text[])
        """,
        *_columns(changes),
        now,
        *by,
        *(outcome or (None, None)),
    )


def _columns(changes: Sequence[Change]) -> tuple[list[str], list[str], list[PayoutState], list[str | None]]:
    return (
        [payout.community for payout, *_ in changes],
        [payout.payout_id for payout, *_ in changes],
        [wanted for _, wanted, *_ in changes],
        [reason for _, _, reason, *_ in changes],
    )


async def find_payout(conn: Connection, *, community: str, payout_id: str) -> Payout | None:
    """A payout."""
    row = await conn.fetchrow(
        "select * from payouts where community = $1 and payout_id = $2", community, payout_id
    )
    return payout_of(row) if row else None


async def load_named(conn: Connection, payout_ids: Sequence[str], *, community: str) -> dict[str, Payout]:
    """Those of these payouts that there are, by id."""
    rows = await conn.fetch(
        "select * from payouts where community = $1 and payout_id = any($2)", community, payout_ids
    )
    return {str(row["payout_id"]): payout_of(row) for row in rows}


async def load_known(conn: Connection, keys: Sequence[tuple[str, str]]) -> dict[str, Payout]:
    """Those payouts that there are, by id, locked; `keys` are communities and payout ids."""
    rows = await conn.fetch(
        """
        select p.* from payouts p join unnest($1::text[], $2::uuid[]) as k(community, payout_id)
            using (community, payout_id)
        order by p.payout_id for update of p
        """,
        [community for community, _ in keys],
        [payout_id for _, payout_id in keys],
    )
    return {str(row["payout_id"]): payout_of(row) for row in rows}


async def load_changes(conn: Connection, payout: Payout) -> list[PastChange]:
    """The states that a payout reached, unordered within one moment."""
    rows = await conn.fetch(
        """
        select state, changed_at, changed_by_person, changed_by, reason, outcome_id from payout_changes
        where community = $1 and payout_id = $2 order by changed_at
        """,
        payout.community,
        payout.payout_id,
    )
    return [
        PastChange(
            PayoutState(row["state"]),
            row["changed_at"],
            actor_of(row["changed_by_person"], row["changed_by"]),
            row["reason"],
            str(row["outcome_id"]) if row["outcome_id"] else None,
        )
        for row in rows
    ]


async def load_traced(conn: Connection, payouts: Sequence[Payout]) -> list[Traced]:
    """These payouts, in the order given, with the states that they reached by their histories."""
    rows = await conn.fetch(
        """
        select c.payout_id, array_agg(c.state) as states
        from unnest($1::text[], $2::uuid[]) as k(community, payout_id)
        join payout_changes c using (community, payout_id)
        group by 1
        """,
        [payout.community for payout in payouts],
        [payout.payout_id for payout in payouts],
    )
    reached = {str(row["payout_id"]): frozenset(map(PayoutState, row["states"])) for row in rows}
    return [Traced(payout, reached.get(payout.payout_id, frozenset())) for payout in payouts]


async def page_of_payouts(
    conn: Connection, wanted: PayoutFilter, *, community: str, after: PayoutPlace | None, limit: int
) -> list[Payout]:
    """Payouts, newest first, of a state, run or member where given, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from payouts
        where community = $1 and ($2::text is null or state = $2) and ($3::uuid is null or run_id = $3)
          and ($4::uuid is null or member_id = any(array(
            select $4::uuid union all
            select member_id from merges where community = $1 and head_id = $4)))
          and ($5::timestamptz is null or (created_at, payout_id) < ($5, $6::uuid))
        order by created_at desc, payout_id desc limit $7
        """,
        community,
        wanted.state,
        wanted.run_id,
        wanted.member_id,
        *(after or (None, None)),
        limit,
    )
    return [payout_of(row) for row in rows]
