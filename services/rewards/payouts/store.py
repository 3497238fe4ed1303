"""Payouts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from shared.postgres import Connection

RUN_LOCK = "payout runs of "


async def lock_runs(conn: Connection, community: str) -> None:
    """One transaction at a time makes or decides payout runs of a community; held until it ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", RUN_LOCK + community)


async def left_held(conn: Connection, community: str, member_ids: Sequence[UUID]) -> list[Record]:
    """Payouts of these members that stayed held when their run was decided."""
    return list(
        await conn.fetch(
            """
            select p.* from payouts p join payout_runs r using (community, run_id)
            where p.community = $1 and p.member_id = any($2::uuid[]) and p.state = 'held' and r.state <> 'open'
            order by p.payout_id for update of p
            """,
            community,
            member_ids,
        )
    )


async def held_of_member(conn: Connection, community: str, member_id: UUID) -> list[Record]:
    """The member's held payout in a run that is still open."""
    return list(
        await conn.fetch(
            """
            select p.* from payouts p join payout_runs r using (community, run_id)
            where p.community = $1 and p.member_id = $2 and p.state = 'held' and r.state = 'open'
            for update of p
            """,
            community,
            member_id,
        )
    )


PAYOUT_COLUMNS = (
    "community, payout_id, run_id, member_id, points, amount_minor, currency, end_to_end_id, payee_name, iban, bic"
)


async def add_payouts(conn: Connection, payouts: Sequence[tuple[Any, ...]], now: datetime) -> list[Record]:
    """Add payouts (the values of PAYOUT_COLUMNS), accrued; return them in id order."""
    return list(
        await conn.fetch(
            f"""
            with added as (
                insert into payouts ({PAYOUT_COLUMNS}, state, created_at, changed_at)
                select *, 'accrued', $12, $12
                from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[],
                            $8::text[], $9::text[], $10::text[], $11::text[])
                returning *)
            select * from added order by payout_id
            """,  # noqa: S608 -- the columns are constants
            *(list(column) for column in zip(*payouts, strict=True)),
            now,
        )
    )


async def set_payee(conn: Connection, community: str, payout_ids: Sequence[UUID], payee: Record) -> None:
    """Give payouts the bank details they will be paid to."""
    await conn.execute(
        """
        update payouts set payee_name = $3, iban = $4, bic = $5
        where community = $1 and payout_id = any($2::uuid[])
        """,
        community,
        payout_ids,
        payee["name"],
        payee["iban"],
        payee["bic"],
    )


async def payouts_of_run(
    conn: Connection, community: str, run_id: UUID, states: Sequence[str], only: Sequence[UUID] | None = None
) -> list[Record]:
    """A run's payouts in these states, or those of `only`, in id order and locked."""
    return list(
        await conn.fetch(
            """
            select * from payouts
            where community = $1 and run_id = $2 and state = any($3)
              and ($4::uuid[] is null or payout_id = any($4))
            order by payout_id for update
            """,
            community,
            run_id,
            states,
            only,
        )
    )


async def change_payouts(
    conn: Connection,
    changes: Sequence[tuple[str, UUID, str, str | None]],
    now: datetime,
    by: str,
) -> None:
    """Bring (community, payout) into (state, reason) and note who did."""
    columns = [list(column) for column in zip(*changes, strict=True)]
    await conn.execute(
        """
        update payouts p set state = c.state, reason = c.reason, changed_at = $5
        from unnest($1::text[], $2::uuid[], $3::text[], $4::text[]) as c(community, payout_id, state, reason)
        where p.community = c.community and p.payout_id = c.payout_id
        """,
        *columns,
        now,
    )
    await add_changes(conn, changes, now, by)


async def add_changes(
    conn: Connection, changes: Sequence[tuple[str, UUID, str, str | None]], now: datetime, by: str
) -> None:
    """Note that payouts reached a state."""
    await conn.execute(
        """
        insert into payout_changes (community, payout_id, state, reason, changed_at, changed_by)
        select *, $5, $6 from unnest($1::text[], $2::uuid[], $3::text[], $4::text[])
        """,
        *(list(column) for column in zip(*changes, strict=True)),
        now,
        by,
    )


async def payout(conn: Connection, community: str, payout_id: UUID) -> Record | None:
    """A payout."""
    return await conn.fetchrow(
        "select * from payouts where community = $1 and payout_id = $2", community, payout_id
    )


async def changes_of(conn: Connection, community: str, payout_id: UUID) -> list[Record]:
    """The states that a payout reached, unordered within one moment."""
    return list(
        await conn.fetch(
            """
            select state, changed_at, changed_by, reason from payout_changes
            where community = $1 and payout_id = $2 order by changed_at
            """,
            community,
            payout_id,
        )
    )


async def page_of_payouts(
    conn: Connection,
    community: str,
    state: str | None,
    run_id: UUID | None,
    member_id: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Record]:
    """Payouts, newest first, of a state, run or member where given, beginning after one."""
    return list(
        await conn.fetch(
            """
            select * from payouts
            where community = $1 and ($2::text is null or state = $2) and ($3::uuid is null or run_id = $3)
              and ($4::uuid is null or member_id = $4)
              and ($5::timestamptz is null or (created_at, payout_id) < ($5, $6::uuid))
            order by created_at desc, payout_id desc limit $7
            """,
            community,
            state,
            run_id,
            member_id,
            *(after or (None, None)),
            limit,
        )
    )
