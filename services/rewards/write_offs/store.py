"""The SQL of write-offs."""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Record

from services.rewards.approvals.domain import ApprovalState, Subject
from services.rewards.approvals.store import approval_of
from services.rewards.ledger.domain.entries import Owner, community_account, member_account
from services.rewards.lots.domain.lots import LotUse
from services.rewards.write_offs.domain import WriteOff, WriteOffPlace, kept_transfer_id
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class WriteOffFilter:
    """Which write-offs: None for all."""

    state: ApprovalState | None = None
    member_id: str | None = None


async def add_write_off(conn: Connection, write_off: WriteOff) -> None:
    """Add one that somebody proposes."""
    await conn.execute(
        """
        insert into debt_write_offs (community, write_off_id, member_id, points, reason, reverses, state,
                                     proposed_at, proposed_by_person, proposed_by, proposed_by_credential)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        write_off.community,
        write_off.write_off_id,
        write_off.member_id,
        write_off.points,
        write_off.reason,
        write_off.reverses,
        write_off.approval.state,
        write_off.approval.proposed_at,
        *write_off.approval.proposed_by,
    )


async def set_booked_points(conn: Connection, *, community: str, write_off_id: str, points: int) -> None:
    """Set how many points were booked of one that is approved."""
    await conn.execute(
        "update debt_write_offs set booked_points = $3 where community = $1 and write_off_id = $2",
        community,
        write_off_id,
        points,
    )


async def add_uses(conn: Connection, *, community: str, write_off_id: str, uses: Sequence[LotUse]) -> None:
    """Note of which lots one was booked; what is noted stays."""
    await conn.execute(
        """
        insert into debt_write_off_lots (community, write_off_id, award_id, points)
        select $1, $2, * from unnest($3::uuid[], $4::bigint[]) on conflict do nothing
        """,
        community,
        write_off_id,
        [use.award_id for use in uses],
        [use.points for use in uses],
    )


async def find_kept(conn: Connection, *, community: str, transfer_id: str) -> int:
    """How many points are booked as kept of those that a transfer took back: by itself, or apart."""
    amount: int | None = await conn.fetchval(
        """
        select sum(e.amount) from transfers t
        join entries e on e.community = t.community and e.account_id = $2
          and e.recorded_at = t.recorded_at and e.transfer_id = t.transfer_id
        where t.community = $1 and t.transfer_id = any($3::uuid[])
        """,
        community,
        community_account(community, "debts_written_off").account_id,
        [transfer_id, kept_transfer_id(transfer_id)],
    )
    return -(amount or 0)


async def find_write_off(conn: Connection, *, community: str, write_off_id: str) -> WriteOff | None:
    """One as it is; None when there is none."""
    row = await conn.fetchrow(
        "select * from debt_write_offs where community = $1 and write_off_id = $2", community, write_off_id
    )
    return None if row is None else _write_off(row)


async def find_reversal(conn: Connection, *, community: str, write_off_id: str) -> WriteOff | None:
    """What has one owed again, proposed or booked; None where nothing does."""
    row = await conn.fetchrow(
        """
        select * from debt_write_offs where community = $1 and reverses = $2 and state <> 'withdrawn'
        """,
        community,
        write_off_id,
    )
    return None if row is None else _write_off(row)


async def load_uses(conn: Connection, *, community: str, write_off_id: str) -> list[LotUse]:
    """Of which lots one was booked."""
    rows = await conn.fetch(
        """
        select award_id, points from debt_write_off_lots where community = $1 and write_off_id = $2 order by 1
        """,
        community,
        write_off_id,
    )
    return [LotUse(str(row["award_id"]), row["points"]) for row in rows]


async def page_of_write_offs(
    conn: Connection, *, community: str, wanted: WriteOffFilter, after: WriteOffPlace | None, limit: int
) -> list[WriteOff]:
    """Those of a community, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from debt_write_offs
        where community = $1 and ($2::text is null or state = $2) and ($3::uuid is null or member_id = $3)
          and ($4::timestamptz is null or (proposed_at, write_off_id) < ($4, $5::uuid))
        order by proposed_at desc, write_off_id desc limit $6
        """,
        community,
        wanted.state,
        wanted.member_id,
        *(after or (None, None)),
        limit,
    )
    return [_write_off(row) for row in rows]


async def find_debt(conn: Connection, holder: Owner) -> int:
    """How many points are missing on the account of who holds a member's points; 0 where none are."""
    amount: int | None = await conn.fetchval(
        "select amount from balances where community = $1 and account_id = $2",
        holder.community,
        member_account(holder, "available").account_id,
    )
    return max(0, -(amount or 0))


async def forget_reasons(conn: Connection, *, community: str, member_ids: Sequence[str]) -> None:
    """Empty what was written about members who were erased; what was booked stays."""
    await conn.execute(
        """
        update debt_write_offs set reason = ''
        where community = $1 and member_id = any($2::uuid[]) and reason <> ''
        """,
        community,
        list(member_ids),
    )


def _write_off(row: Record) -> WriteOff:
    return WriteOff(
        community=row["community"],
        write_off_id=str(row["write_off_id"]),
        member_id=str(row["member_id"]),
        points=row["points"],
        reason=row["reason"],
        reverses=str(row["reverses"]) if row["reverses"] else None,
        approval=approval_of(row, subject=Subject.DEBT_WRITE_OFF),
        booked_points=row["booked_points"],
    )
