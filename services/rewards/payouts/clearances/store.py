"""The SQL of clearances."""

from collections.abc import Sequence

from asyncpg import Record

from services.rewards.approvals.domain import Subject
from services.rewards.approvals.store import approval_of
from services.rewards.payouts.clearances.domain import Clearance, ClearanceFilter, ClearancePlace
from services.rewards.payouts.findings.domain import Check
from shared.postgres import Connection


async def add_clearance(conn: Connection, clearance: Clearance) -> None:
    """Add one that somebody proposes."""
    await conn.execute(
        """
        insert into payout_clearances (
            community, clearance_id, member_id, payout_id, check_name, basis, reason, state, proposed_at,
            proposed_by_person, proposed_by, proposed_by_credential)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        clearance.community,
        clearance.clearance_id,
        clearance.member_id,
        clearance.payout_id,
        clearance.check,
        clearance.basis,
        clearance.reason,
        clearance.approval.state,
        clearance.approval.proposed_at,
        *clearance.approval.proposed_by,
    )


async def find_clearance(conn: Connection, *, community: str, clearance_id: str) -> Clearance | None:
    """One as it is; None when there is none."""
    row = await conn.fetchrow(
        "select * from payout_clearances where community = $1 and clearance_id = $2", community, clearance_id
    )
    return None if row is None else _clearance(row)


async def page_of_clearances(
    conn: Connection, wanted: ClearanceFilter, *, community: str, after: ClearancePlace | None, limit: int
) -> list[Clearance]:
    """Clearances, newest first, of a state or member where given, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from payout_clearances
        where community = $1 and ($2::text is null or state = $2)
          and ($3::uuid is null or member_id = any(array(
            select $3::uuid union all
            select member_id from merges where community = $1 and head_id = $3)))
          and ($4::timestamptz is null or (proposed_at, clearance_id) < ($4, $5::uuid))
        order by proposed_at desc, clearance_id desc limit $6
        """,
        community,
        wanted.state,
        wanted.member_id,
        *(after or (None, None)),
        limit,
    )
    return [_clearance(row) for row in rows]


async def forget_clearance_reasons(conn: Connection, *, community: str, member_ids: Sequence[str]) -> None:
    """Blank why members who were erased were let pass; that they were stays."""
    await conn.execute(
        """
        update payout_clearances set reason = ''
        where community = $1 and member_id = any($2::uuid[]) and reason <> ''
        """,
        community,
        list(member_ids),
    )


def _clearance(row: Record) -> Clearance:
    return Clearance(
        community=row["community"],
        clearance_id=str(row["clearance_id"]),
        member_id=str(row["member_id"]),
        payout_id=str(row["payout_id"]),
        check=Check(row["check_name"]),
        basis=row["basis"],
        reason=row["reason"],
        approval=approval_of(row, subject=Subject.PAYOUT_CLEARANCE),
    )
